/** `tenterhook serve` as a process: what it prints, how it refuses, how it leaves, and what is there after it. */
import { spawn } from "node:child_process"
import { assert, describe, it, onTestFinished } from "vitest"
import { makeFolder, pause, processesBecome, program } from "./tenterhook.ts"

describe("serve", () => {
  it("prints its URL and a key the first time, and no key after that", async () => {
    const folder = makeFolder()
    const first = await serve(folder.at("data"), { json: false })
    assert.match(first.out(), /^listening on http:\/\/127\.0\.0\.1:\d+\ndata in .*\nkey th_[\w-]{40,}\n/)
    assert.strictEqual((await first.ask("GET", "/ai/agents")).status, 200)
    const ended = await first.stop()
    assert.strictEqual(ended.code, 0)
    assert.match(ended.stderr, onlyRequests)

    const second = await serve(folder.at("data"), { json: false })
    assert.notInclude(second.out(), "key")
    assert.strictEqual((await second.ask("GET", "/ai/agents", undefined, first.key())).status, 200)
    assert.strictEqual((await second.ask("GET", "/ai/agents", undefined, "th_other")).status, 401)
    assert.strictEqual((await second.stop()).code, 0)
  })

  it("--no-key-on-loopback needs no key, --json says it all in one line", async () => {
    const folder = makeFolder()
    const args = ["--no-key-on-loopback"]
    const server = await serve(folder.at("data"), { args })
    assert.strictEqual(server.out().split("\n").length, 2)
    assert.deepInclude(JSON.parse(server.out()), { url: server.url, data: folder.at("data") })
    assert.strictEqual((await fetch(`${server.url}/ai/agents`)).status, 200)
  })

  it("logs 60 requests and a refused one as lines, as JSON on demand, and warnings alone with --log-level warn", async () => {
    const folder = makeFolder()
    const logged = async (...args: ReadonlyArray<string>) => {
      const server = await serve(folder.at("data"), { args: [...args, "--no-key-on-loopback"] })
      for (let n = 0; n < 60; n++) await fetch(`${server.url}/v1/fires?limit=1`)
      await server.ask("GET", "/v1/fires", undefined, "th_wrong")
      return (await server.stop()).stderr.split("\n").filter((line) => / request |"request"/.test(line))
    }
    const [text, json, warnings] = [
      await logged(),
      await logged("--log-format", "json"),
      await logged("--log-level", "warn")
    ]
    assert.lengthOf(text, 61)
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
    const rest = String.raw`key=none peer=127\.0\.0\.1 id=[\da-f-]{36}`
    assert.match(text[0]!, new RegExp(`^${time} info  request GET /v1/fires 200 [\\d.]+ ms \\d+ B ${rest}$`))
    assert.match(
      text[60]!,
      new RegExp(`^${time} warn  request GET /v1/fires 401 .* ${rest} refused="expected a key.*"$`)
    )
    assert.lengthOf(json, 61)
    assert.deepInclude(JSON.parse(json[0]!), { level: "info", kind: "request", path: "/v1/fires", status: 200 })
    assert.lengthOf(warnings, 1)
    assert.include(warnings[0], " 401 ")
  })

  it("refuses in a sentence what it cannot have", async () => {
    const folder = makeFolder({ file: "text" })
    const running = await serve(folder.at("running"))
    const tries = [
      ["running", /running is the data folder of a server that runs; give this one another with --data/],
      ["file", /file cannot be the data folder: it is a file; give another with --data/]
    ] as const
    for (const [data, said] of tries) {
      const ended = await run(folder.path, ["--port", "0", "--data", data])
      assert.deepInclude(ended, { code: 1, stdout: "" })
      assert.match(ended.stderr, said)
      // One sentence, and no stack trace.
      assert.match(ended.stderr, /^tenterhook: [^\n]+\n$/)
    }
    assert.strictEqual((await running.ask("GET", "/ai/agents")).status, 200)

    const shared = ["--port", "0", "--database-url", "postgres://nobody@127.0.0.1:1/none"]
    const ended = await run(folder.path, [...shared, "--cluster-health", "kubernetes"])
    assert.deepInclude(ended, { code: 1, stdout: "" })
    assert.match(ended.stderr, /^tenterhook: Kubernetes cannot be asked which servers live: expected [^\n]+\n$/)
  })

  it("refuses to listen for other servers where it cannot tell them, or at what is no address", async () => {
    const folder = makeFolder()
    const shared = ["--port", "0", "--database-url", "postgres://nobody@127.0.0.1:1/none"]
    const tries = [
      [
        [...shared, "--cluster-listen", "0.0.0.0:4701"],
        /expected to be told as well where the others reach it.*--cluster-port/s
      ],
      [
        [...shared, "--cluster-port", "4701", "--cluster-listen", "4701"],
        /expected an address and a port .* got "4701"/
      ],
      [["--port", "0", "--cluster-listen", "0.0.0.0:4701"], /servers share a Postgres, not a folder/]
    ] as const
    for (const [words, said] of tries) {
      const ended = await run(folder.path, words)
      assert.strictEqual(ended.code, 2)
      assert.match(ended.stderr, said)
    }
  })
})

describe("serve that is told to leave", () => {
  /** At its second run it is quick. */
  const slow = (file: string, seconds = 2) => ({
    configs: [
      {
        file: "own.yaml",
        text: `hooks:
  - { on: stop, run: "echo up > ${file}; sleep ${seconds}; echo whole" }
  - { on: execution_start, run: "test -e ${file} || { echo up > ${file}; sleep ${seconds}; }; echo started" }
  - { on: execution_end, run: "echo ended" }
`
      }
    ]
  })

  it("answers what is under way, takes nothing new, and leaves nobody behind", async () => {
    const folder = makeFolder()
    const server = await serve(folder.at("data"))
    const answer = server.ask("POST", "/v1/fires", { hooks: slow(folder.at("up")), event: "stop" })
    await folder.appears("up")
    const leaving = server.stop()
    await until(async () => {
      const said = await server.ask("GET", "/ai/agents").then(
        ({ status }) => status,
        () => "refused"
      )
      assert.include([200, 503, "refused"], said)
      return said === 200 ? null : said
    })
    const { status, body } = await answer
    assert.strictEqual(status, 200)
    assert.strictEqual(body.outcomes[0].stdout, "whole\n")
    const ended = await leaving
    assert.strictEqual(ended.code, 0)
    assert.match(ended.stderr, onlyRequests)
    assert.strictEqual(await processesBecome(0, server.mark), 0)

    const next = await serve(folder.at("data"), { key: server.key() })
    assert.deepStrictEqual((await next.ask("GET", `/v1/fires/${body.fireId}`)).body.report, body)
  })

  it("twice leaves at once, and the next one ends what was under way", async () => {
    const folder = makeFolder()
    const server = await serve(folder.at("data"))
    const asked = server
      .ask("POST", "/v1/executions", { id: "run-1", hooks: slow(folder.at("up"), 300), leaseMs: 1000 })
      .catch(() => null)
    await folder.appears("up")
    server.child.kill("SIGTERM")
    // The same signal within 300 ms counts once.
    await pause(1500)
    const told = performance.now()
    server.child.kill("SIGTERM")
    assert.strictEqual((await server.ended).code, 143)
    assert.isBelow(performance.now() - told, 60_000)
    assert.isNull(await asked)
    assert.strictEqual(await processesBecome(0, server.mark), 0)

    const next = await serve(folder.at("data"), { key: server.key() })
    const ended = await until(async () => {
      const { body } = await next.ask("GET", "/v1/executions/run-1")
      return body.status === "ended" ? body : null
    })
    assert.strictEqual(ended.start.outcomes[0].stdout, "started\n")
    assert.strictEqual(ended.end.outcomes[0].stdout, "ended\n")
    assert.strictEqual(ended.outcome, "aborted")
  })
})

describe("serve that is killed", () => {
  it("has what it answered: made once, found under its idempotency key, and ended by the next one", async () => {
    const folder = makeFolder()
    const first = await serve(folder.at("data"))
    const hooks = { configs: [{ file: "own.yaml", text: `hooks: [{ on: execution_end, run: "echo ended" }]\n` }] }
    const requests = [
      ["/ai/agents", { name: "coder", hooks: {} }, "/ai/agents"],
      ["/v1/hook-sets", hooks, "/v1/hook-sets"],
      ["/v1/executions", { hooks }, "/v1/executions"]
    ] as const
    const made = []
    for (const [path, body] of requests) made.push(await first.ask("POST", path, body, first.key(), `key-${path}`))
    assert.deepStrictEqual(
      made.map(({ status }) => status),
      [201, 201, 201]
    )
    first.child.kill("SIGKILL")
    await first.ended

    const second = await serve(folder.at("data"), { key: first.key() })
    for (const [index, [path, body, list]] of requests.entries()) {
      const again = await second.ask("POST", path, body, second.key(), `key-${path}`)
      assert.deepStrictEqual(again.body, made[index]!.body, path)
      assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
      assert.lengthOf((await second.ask("GET", list)).body.data, 1, path)
    }
    const { id } = made[2]!.body
    assert.strictEqual((await second.ask("GET", `/v1/executions/${id}`)).body.status, "running")
    const ended = await second.ask("POST", `/v1/executions/${id}/end`, { outcome: "success" })
    assert.strictEqual(ended.status, 200)
    assert.strictEqual(ended.body.end.outcomes[0].stdout, "ended\n")
  })
})

interface Serving {
  readonly args?: ReadonlyArray<string>
  readonly json?: boolean
  /** Of an earlier server on the folder. */
  readonly key?: string
}

/** Up once it has said where. Killed when the test ends, if it has not ended by then. */
const serve = async (data: string, { args = [], json = true, key }: Serving = {}) => {
  // By this the processes that it starts are known, for hooks see it as well.
  const mark = `TENTERHOOK_TEST=${Math.random().toString(36).slice(2)}`
  const [name, value] = mark.split("=") as [string, string]
  const all = ["serve", "--port", "0", "--data", data, "--env", name, ...(json ? ["--json"] : []), ...args]
  const child = spawn(process.execPath, [program, ...all], {
    env: { PATH: process.env["PATH"]!, [name]: value },
    stdio: ["ignore", "pipe", "pipe"]
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => (stdout += chunk))
  child.stderr.on("data", (chunk) => (stderr += chunk))
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((done) =>
    child.on("close", (code) => done({ code, stdout, stderr }))
  )
  const place = /http:\/\/[\w.:]+/
  const early = await Promise.race([until(async () => (stdout.endsWith("\n") ? place.exec(stdout) : null)), ended])
  if (!Array.isArray(early)) throw new Error(`serve ended: ${stderr}`)
  // The lines come in one piece or in several.
  if (!json) await pause(500)
  const url = early[0] as string
  const ownKey = () => key ?? /th_[\w-]+/.exec(stdout)![0]
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    as = key ?? /th_[\w-]+/.exec(stdout)?.[0],
    again?: string
  ) => {
    const headers = {
      authorization: `Bearer ${as}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(again === undefined ? {} : { "idempotency-key": again })
    }
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    return { status: response.status, headers: response.headers, body: (await response.json()) as any }
  }
  const stop = () => {
    child.kill("SIGTERM")
    return ended
  }
  return { child, url, key: ownKey, out: () => stdout, ask, stop, ended, mark }
}

/** A log in which nothing went wrong. */
const onlyRequests = /^(\S+ (info|warn) +(request|key|delivery) .*\n)*$/

const run = async (cwd: string, args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [program, "serve", ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] })
  const giveUp = setTimeout(() => child.kill("SIGKILL"), 60_000)
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => (stdout += chunk))
  child.stderr.on("data", (chunk) => (stderr += chunk))
  const code = await new Promise<number | null>((done) => child.on("close", done))
  clearTimeout(giveUp)
  return { code, stdout, stderr }
}

const until = async <A>(look: () => Promise<A | null>): Promise<A> => {
  const end = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > end) throw new Error("waited in vain")
    await pause(25)
  }
}
