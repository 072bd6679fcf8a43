/**
 * The SDK on the runtimes that run it: `runtimes/program.mjs` in a project outside of the clone, with the packages as they
 * would be published.
 */
import { spawn } from "node:child_process"
import { copyFileSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { within } from "../workspace.mjs"
import { type OutsideProject, outsideProject } from "./outside/project.ts"
import { type RuntimeName, runtimeOf } from "./outside/runtime.ts"

let project: OutsideProject
beforeAll(async () => {
  project = await outsideProject("24")
  await project.sh("npm init --yes && npm install @tenterhook/sdk")
  for (const file of ["program.mjs", "mcpServer.mjs"])
    copyFileSync(within("scripts/test/runtimes", file), join(project.folder, file))
})
afterAll(() => project.remove())

const denies = (reason: string) => ["deny", false, reason]
const expected: Readonly<Record<string, unknown>> = {
  "a deny by exit code 2": denies("no"),
  "a deny as JSON on stdout": denies("no"),
  "a deny that comes in pieces": denies("late"),
  "a deny through /dev/stderr": denies("no"),
  "a deny by a program that reads the event": denies("it deletes"),
  "half a megabyte of stdin": true,
  "three megabytes of stdout": ["succeeded", true, 1_048_576],
  "thirty hooks at once": true,
  "a command that is not there": "deny",
  "a deadline": denies("it did not end within 300 ms"),
  "a signal that aborts": "enough",
  "processes that a hook left running": 1,
  "a deny by a function": denies("rm -rf /"),
  "a function that throws": "deny",
  "a deny by a tool": denies("rm -rf /"),
  "a deny by a tool of an MCP server": denies("the MCP server denies"),
  "a deny by HTTP": [...denies("the server denies"), "pre_tool_use"],
  "an HTTP server that is not there": "deny",
  "a config with a regular expression": [...denies("matched"), true],
  "an endpoint gets what was announced": [0, "string"],
  "hooks on a server": [
    ...denies(""),
    "cannot reach the server at http://127.0.0.1: nobody listens there (connection refused)"
  ],
  end: true
}

/** What starts a program on it, if it has a package for this machine. */
const launch: Readonly<Record<"node" | RuntimeName, () => Promise<ReadonlyArray<string> | { unsupported: string }>>> = {
  node: async () => ["node"],
  bun: async () => listed(await runtimeOf("bun")),
  deno: async () => listed(await runtimeOf("deno"), "run", "--allow-all")
}
const listed = (program: string | { readonly unsupported: string }, ...args: ReadonlyArray<string>) =>
  typeof program === "string" ? [program, ...args] : program

describe.concurrent.each(["node", "bun", "deno"] as const)("on %s", (name) => {
  it("a deny denies, whatever a hook is, and nothing is left running", async ({ skip }) => {
    const command = await launch[name]()
    if ("unsupported" in command) return skip(command.unsupported)
    const mark = `runtimes-${name}-${process.pid}`
    const data = join(project.folder, `data-${name}`)
    const line = ["exec", ...command, "program.mjs"].join(" ")
    const { stdout } = await project.sh(`MARK=${mark} DATA='${data}' ${line}`)
    const came = stdout
      .trim()
      .split("\n")
      .map((one) => JSON.parse(one) as [string, unknown])
    assert.deepStrictEqual(Object.fromEntries(came), expected)
    assert.strictEqual(processesWith(mark), 0)
  })

  it("a host that is killed leaves nothing running", async ({ skip }) => {
    const command = await launch[name]()
    if ("unsupported" in command) return skip(command.unsupported)
    const mark = `runtimes-killed-${name}-${process.pid}`
    const [program, ...args] = command as [string, ...Array<string>]
    const host = spawn(program === "node" ? process.execPath : program, [...args, "program.mjs", "hang"], {
      cwd: project.folder,
      env: { ...project.env, MARK: mark },
      stdio: "ignore"
    })
    // The host, its hook's shell, and the two processes of the shell.
    await until(() => processesWith(mark) === 4)
    host.kill("SIGKILL")
    await until(() => processesWith(mark) === 0)
  })
})

describe("on deno without the permission to run programs", () => {
  it("createHooks refuses hooks that are commands, in one sentence, and takes functions", async ({ skip }) => {
    const command = await launch.deno()
    if ("unsupported" in command) return skip(command.unsupported)
    const deno = ["exec", command[0], "run", "--no-prompt", "--allow-read", "--allow-env", "--allow-sys"].join(" ")
    const program = (run: string) => `
import { createHooks } from "@tenterhook/sdk"
const made = await createHooks({ hooks: [{ on: "pre_tool_use", run: ${run} }] }).catch((error) => error)
console.log(made instanceof Error ? made.name + ": " + made.message : "made")`
    const made = async (run: string) => (await project.sh(`${deno} - <<'EOF'${program(run)}\nEOF`)).stdout.trim()
    assert.match(
      await made('"exit 2"'),
      /^UnsupportedRuntime: hooks cannot run commands on deno [\d.]+: Requires run access to ".*", run again with the --allow-run flag$/
    )
    assert.strictEqual(await made("() => undefined"), "made")
  })
})

const until = async (holds: () => boolean) => {
  const late = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > late) assert.fail("it did not come to that within a minute")
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** Living processes with this mark in their environment, as Linux shows it. */
const processesWith = (mark: string) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`MARK=${mark}`)
    } catch {
      return false
    }
  }).length
