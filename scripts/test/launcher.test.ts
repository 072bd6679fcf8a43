/** What starts the command line, also on a Node that is too old for it. */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { node, within } from "../workspace.mjs"
import { hostEnvironment } from "./outside/environment.ts"

describe("on a Node that is too old", () => {
  it("hands over to the workspace's own, with arguments, stdio and exit code", async () => {
    const end = await launch({
      old: true,
      program: `process.stdin.pipe(process.stdout); process.exitCode = 7; console.log(process.argv.slice(2).join())`
    })
    assert.deepStrictEqual(end, { code: 7, signal: null, stdout: "a,b c\nfrom stdin", stderr: "" })
  })

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`passes ${signal} on, and ends as its program does`, async () => {
      const caught = `process.on("${signal}", () => process.exit(9)); setInterval(() => {}, 1000); console.log("ready")`
      assert.deepInclude(await launch({ old: true, program: caught, signal }), {
        code: 9,
        signal: null,
        stdout: "ready\n"
      })
      const uncaught = `setInterval(() => {}, 1000); console.log("ready")`
      assert.deepInclude(await launch({ old: true, program: uncaught, signal }), {
        code: null,
        signal,
        stdout: "ready\n"
      })
    })
  }

  it("says in one line what is needed where there is none", async () => {
    assert.deepStrictEqual(await launch({ old: true, alone: true, program: "" }), {
      code: 1,
      signal: null,
      stdout: "",
      stderr: "tenterhook: needs Node 22.19 or later, and this is Node 20.1.0\n"
    })
  })

  it("says the same where the project's own Node is too old as well", async () => {
    assert.deepStrictEqual(await launch({ old: true, workspace: "old", program: "" }), {
      code: 1,
      signal: null,
      stdout: "",
      stderr: "tenterhook: needs Node 22.19 or later, and this is Node 20.1.0\n"
    })
  })

  it("the SDK fails to be imported, with one sentence", async () => {
    for (const entry of ["@tenterhook/sdk", "@tenterhook/sdk/connect"]) {
      const program = `import("${entry}").catch((error) => console.log(String(error)))`
      for (const [command, version] of await oldNodes()) {
        const { stdout } = await ended(command, [...pretendFlags(version), "--eval", program], undefined)
        const sentence = `Error: Tenterhook needs Node 22.19 or later, and this is Node ${version}\n`
        assert.strictEqual(stdout, sentence, entry)
      }
    }
  })
})

describe("on a Node that is new enough", () => {
  it("starts the program itself", async () => {
    const end = await launch({ program: `console.log(process.argv.slice(2).join()); process.exitCode = 3` })
    assert.deepStrictEqual(end, { code: 3, signal: null, stdout: "a,b c\n", stderr: "" })
  })

  it("says in one line when it is not built", async () => {
    const { code, stderr } = await launch({})
    assert.deepStrictEqual(
      { code, stderr },
      { code: 1, stderr: "tenterhook: not built yet: run `npm start` in the clone once\n" }
    )
  })
})

interface Launch {
  /** What `dist/main.js` holds; absent: nothing was built. */
  readonly program?: string
  readonly old?: boolean
  /** No workspace around it. */
  readonly alone?: boolean
  /** What Node the workspace around it has. */
  readonly workspace?: "old" | "new"
  /** Sent once the program has said something. */
  readonly signal?: NodeJS.Signals
}

const launch = async ({ program, old = false, alone = false, workspace = "new", signal }: Launch) => {
  const folder = await mkdtemp(join(tmpdir(), "tenterhook-launcher-"))
  try {
    const cli = join(folder, "apps", "cli")
    await mkdir(join(cli, "dist"), { recursive: true })
    await cp(within("apps", "cli", "bin"), join(cli, "bin"), { recursive: true })
    await writeFile(join(cli, "package.json"), `{ "type": "module" }`)
    await writeFile(join(folder, "old.mjs"), pretend)
    if (program !== undefined) await writeFile(join(cli, "dist", "main.js"), program)
    if (!alone) {
      await mkdir(join(folder, "node_modules", ".bin"), { recursive: true })
      const own = join(folder, "node_modules", ".bin", "node")
      if (workspace === "new") await symlink(node, own)
      else
        await writeFile(own, `#!/bin/sh\nexec "${node}" --import "${join(folder, "old.mjs")}" "$@"\n`, { mode: 0o755 })
    }
    const flags = old ? ["--import", join(folder, "old.mjs")] : []
    return await ended(node, [...flags, join(cli, "bin", "tenterhook.js"), "a", "b c"], signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } })`

const ended = (command: string, args: ReadonlyArray<string>, signal: NodeJS.Signals | undefined) =>
  new Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(command, args, { cwd: within("."), timeout: 100_000 })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (text) => {
      stdout += text
      if (signal !== undefined) child.kill(signal)
    })
    child.stderr.on("data", (text) => (stderr += text))
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
    child.stdin.end("from stdin")
  })

/** The clone's Node that pretends to be old, and the machine's own where that is old. */
const oldNodes = async (): Promise<ReadonlyArray<readonly [string, string]>> => {
  const path = hostEnvironment()["PATH"]!.split(delimiter)
  const own = path.map((folder) => join(folder, "node")).find(existsSync)
  const { stdout } =
    own === undefined ? { stdout: "24" } : await ended(own, ["--print", "process.versions.node"], undefined)
  const isOld = Number.parseInt(stdout, 10) < 22
  return [[node, "20.1.0"], ...(isOld ? [[own!, stdout.trim()] as const] : [])]
}

const pretendFlags = (version: string) =>
  version === "20.1.0" ? ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`] : []
