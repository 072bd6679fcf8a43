import { assert, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { listenOnLoopback } from "../src/host/listenOnLoopback.ts"
import { formatSuite, runCases, type RunOptions, serverSubject, type Subject, type SuiteResult } from "../src/index.ts"
import { openPlainServer, type PlainServer, type ServerFault } from "./PlainServer.ts"

const fixtures = join(import.meta.dirname, "fixtures")
const cases = ["cases", "exec", "server"].map((folder) => join(fixtures, folder))

const onServer = async <A>(fault: ServerFault | undefined, work: (server: PlainServer) => Promise<A>) => {
  const server = await openPlainServer(fault)
  try {
    return await work(server)
  } finally {
    await server.close()
  }
}

const run = (server: PlainServer, paths: ReadonlyArray<string> = cases, options?: RunOptions) =>
  runCases(paths, serverSubject(server), options)

const failedIn = (result: SuiteResult) =>
  result.cases.flatMap((it) => (it.status === "failed" ? [it.file.slice(fixtures.length + 1, -".yaml".length)] : []))

const messageOf = ({ cases: [only] }: SuiteResult) => (only?.status === "failed" ? only.failure.message : only?.status)

const inFolder = async (texts: Readonly<Record<string, string>>, work: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "tenterhook-server-cases-"))
  try {
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

it("a sound server passes every case, and nothing of a case is left on it", () =>
  onServer(undefined, async (server) => {
    assert.strictEqual(formatSuite(await run(server)), "13 passed, 0 failed, 0 skipped")
    assert.strictEqual(server.count(), 0)
  }))

const withReports = [
  "cases/block",
  "cases/leftover",
  "cases/matcher",
  "cases/stdin",
  "cases/streams",
  "cases/timeout",
  "exec/refused",
  "exec/runs",
  "server/environment",
  "server/host"
]

const faults: Record<ServerFault, ReadonlyArray<string>> = {
  "loses a field of the report": withReports,
  "forgets the end hooks": ["exec/refused", "exec/runs"],
  "ignores the tools": ["server/host"],
  "takes any config": ["cases/refused", "server/place"],
  "hides where a config is wrong": ["cases/refused", "server/place"],
  "hides its notices": ["cases/noticed"],
  "has its own environment": ["server/environment"],
  "works in its own folder": ["cases/stdin", "exec/refused", "exec/runs"],
  "never delivers": ["server/host"],
  "answers 200 where it made something": withReports,
  "wants another key": [...withReports, "cases/noticed", "cases/refused", "server/place"].toSorted()
}

describe.concurrent("each server broken on purpose fails exactly these cases", () => {
  for (const [fault, expected] of Object.entries(faults)) {
    it(`${fault}: ${expected.join(", ")}`, async () => {
      // What is never delivered is waited for in vain.
      const limits = fault === "never delivers" ? { deliveryLimitMs: 4000 } : {}
      const result = await onServer(fault as ServerFault, (server) => run(server, cases, limits))
      assert.deepStrictEqual(failedIn(result), expected)
    })
  }
})

describe.concurrent("what a server refuses is said in words", () => {
  it("with the status, the detail and each field", () =>
    onServer("wants another key", async (server) => {
      assert.strictEqual(
        messageOf(await run(server, [join(fixtures, "cases/noticed.yaml")])),
        "POST /v1/hook-sets/check: expected status 200, got 401: no such key\n" +
          "  headers.authorization: expected a key of this server"
      )
    }))

  it("a config that a fire needs, with its place", () =>
    onServer(undefined, async (server) => {
      const message = messageOf(await run(server, [join(fixtures, "broken/fires-a-bad-config.yaml")]))
      assert.include(message, "POST /v1/hook-sets: expected status 201, got 422: the config cannot be loaded")
      assert.include(message, `hooks[0].timeout: expected a number, got "soon"`)
    }))

  it("and where nobody answers, or not in JSON", async () => {
    const gone = await onServer(undefined, async (server) => server)
    const block = [join(fixtures, "cases/block.yaml")]
    assert.match(messageOf(await run(gone, block))!, /^POST \/v1\/hook-sets: no answer from http:.*ECONNREFUSED/)
    const page = createServer((_, response) => response.writeHead(201).end("<html>"))
    const { origin, close } = await listenOnLoopback(page)
    const said = messageOf(await runCases(block, serverSubject({ url: origin })))
    await close()
    assert.strictEqual(said, 'POST /v1/hook-sets: expected JSON, got "<html>"')
  })
})

describe("a case's own", () => {
  const config = `files: { coder.json: '{ "hooks": [{ "event": "pre_tool_use", "command": "sleep 30" }] }' }\nconfig: coder.json\n`

  it("things are taken away where it ran out of time, and its command is ended", () =>
    inFolder({}, (folder) =>
      onServer(undefined, async (server) => {
        const out = join(folder, "out")
        const stubborn = `[sh, -c, "trap 'touch ${out}; exit' TERM; while :; do sleep 0.05; done"]`
        const head = (title: string) => `title: ${title}\ndialect: plain\n${config}`
        await writeFile(join(folder, "fire.yaml"), `${head("fire")}steps: [{ fire: pre_tool_use }]\n`)
        await writeFile(join(folder, "exec.yaml"), `${head("exec")}steps: [{ exec: ${stubborn} }]\n`)
        const result = await run(server, [folder], { caseLimitMs: 5000 })
        const late = "still running after 5 s"
        assert.deepStrictEqual(
          result.cases.map((it) => it.status === "failed" && it.failure.message),
          [late, late]
        )
        assert.isTrue(existsSync(out))
        assert.strictEqual(server.count(), 0)
      })
    ))

  it("config that is not there is refused as by any other subject", () =>
    inFolder(
      {
        "gone.yaml": `title: gone\ndialect: plain\nconfig: gone.json\nsteps: [{ load: { error: { matches: "^gone.json: no such file; looked for /.*/gone.json$" } } }]\n`
      },
      (folder) =>
        onServer(undefined, async (server) => {
          assert.strictEqual(formatSuite(await run(server, [folder])), "1 passed, 0 failed, 0 skipped")
        })
    ))
})

it("a case that its subject runs alone is beside no other, and each run has an id of its own", async () => {
  const text = (title: string) =>
    `title: ${title}\ndialect: plain\nenv: { ID: "\${CASE_ID}" }\nsteps: [{ load: { ok: true } }]\n`
  const titles = ["alone a", "b", "alone c", "d", "alone e"]
  const ids = new Map<string, string>()
  const open = new Set<string>()
  const together: Array<string> = []
  const subject: Subject = {
    name: "watching",
    needs: [],
    alone: ({ title }) => title.startsWith("alone"),
    open: async ({ env, config: [title = ""] }) => {
      open.add(title)
      ids.set(title, env["ID"]!)
      const load = async () => {
        const isAlone = title.startsWith("alone")
        const until = performance.now() + (isAlone ? 50 : 20_000)
        while (performance.now() < until && (isAlone || together.length === 0)) {
          if (open.size > 1) together.push(...open)
          await new Promise((done) => setTimeout(done, 10))
        }
        return { ok: true, notices: [] } as const
      }
      const never = () => Promise.reject(new Error("not asked for"))
      return { load, fire: never, exec: never, close: async () => void open.delete(title) }
    }
  }
  const files = Object.fromEntries(titles.map((title) => [`${title}.yaml`, `${text(title)}config: ${title}\n`]))
  await inFolder(files, async (folder) => {
    const result = await runCases([folder], subject, { parallel: 3 })
    assert.strictEqual(formatSuite(result), "5 passed, 0 failed, 0 skipped")
    assert.deepStrictEqual([...new Set(together)].toSorted(), ["b", "d"])
    assert.strictEqual(new Set(ids.values()).size, titles.length)
  })
})
