/** Where the hooks of a program start, and what becomes of them when those folders are removed. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { createHooks } from "../src/index.ts"

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-folders-")))
  mkdirSync(join(folder, "config"))
  mkdirSync(join(folder, "work"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const remove = (name: string) => rmSync(at(name), { recursive: true })
const bash = { tool: { name: "bash", input: { command: "ls" } } }

describe("the folder that a hook starts in", () => {
  it("is that of a config given as text, or else the hooks' own; a relative cwd of a context is taken from there", async () => {
    const text = "hooks:\n  - { on: stop, run: pwd }\n  - { on: stop, run: pwd, cwd: '${cwd}' }\n"
    const outputs = async (config: object) => {
      await using hooks = await createHooks({ config: { file: "own.yaml", text, ...config }, cwd: folder })
      return (await hooks.fire("stop", { cwd: "work" })).outcomes.map(({ stdout }) => stdout.trim())
    }
    assert.deepStrictEqual(await outputs({ folder: at("config") }), [at("config"), at("work")])
    assert.deepStrictEqual(await outputs({ folder: "config" }), [at("config"), at("work")])
    assert.deepStrictEqual(await outputs({}), [folder, at("work")])
  })

  it("is named by explain, where its command runs for the event", async () => {
    const hooks = [
      { on: "stop", run: "true" },
      { on: "stop", run: "true", cwd: "work" },
      { on: "stop", run: "true", cwd: "${task.dir}" },
      { on: "stop", run: () => undefined }
    ]
    await using engine = await createHooks({ hooks, cwd: folder })
    const { sets } = await engine.explain("stop")
    assert.deepStrictEqual(
      sets[0]!.hooks.map(({ startsIn }) => startsIn),
      [folder, at("work"), null, null]
    )
  })
})

describe("removed-folder/", () => {
  it("a guard in code still denies when the folder of its host was removed", async () => {
    await using hooks = await createHooks({
      hooks: [{ name: "guard", on: "pre_tool_use", run: "exit 2" }],
      cwd: at("work")
    })
    remove("work")
    const report = await hooks.fire("pre_tool_use", bash)
    assert.isFalse(report.proceed)
    assert.match(report.notices[0]!.text, /work does not exist; the hook ran in an empty folder$/)
  })

  it("a closed gate denies with a sentence when the config's folder was removed, and an open one runs in an empty folder", async () => {
    writeFileSync(
      at("config/tenterhook.yaml"),
      `hooks:
  - { on: pre_tool_use, name: closed, onFailure: block, run: "test ! -e lock || exit 2" }
  - { on: stop, name: open, run: "ls -A | wc -l; touch mine; exit 2" }
  - { on: session_start, name: script, run: ./start.sh }
`
    )
    await using hooks = await createHooks({ config: at("config/tenterhook.yaml"), cwd: at("work") })
    remove("config")
    const denied = await hooks.fire("pre_tool_use", bash)
    assert.isFalse(denied.proceed)
    assert.include(denied.reasons[0]!.text, `its working folder ${at("config")} does not exist`)
    for (let times = 0; times < 2; times++) {
      const resumed = await hooks.fire("stop")
      assert.strictEqual(resumed.outcomes[0]!.stdout.trim(), "0")
      assert.isNotNull(resumed.resume)
    }
    const failed = await hooks.fire("session_start")
    assert.deepInclude(failed.outcomes[0], { status: "failed", exitCode: 127 })
    assert.match(
      failed.outcomes[0]!.message!,
      /not found; its working folder .*config does not exist; the hook ran in an empty folder/
    )
  })

  it("a closed gate that runs in the agent's folder denies when both are gone", async () => {
    const hook = { on: "pre_tool_use", run: "exit 0", cwd: "${cwd}", onFailure: "block" }
    const config = { file: "own.json", text: JSON.stringify({ hooks: [hook] }), folder: at("config") }
    await using hooks = await createHooks({ config, cwd: folder })
    const fire = () => hooks.fire("pre_tool_use", { ...bash, cwd: at("work") })
    remove("work")
    assert.isTrue((await fire()).proceed)
    remove("config")
    const report = await fire()
    assert.isFalse(report.proceed)
    assert.match(report.reasons[0]!.text, /work does not exist, and the config's folder .*config does not exist/)
  })

  it("createHooks and its tools work in a process whose folder was removed before", () => {
    const program = new URL("fixtures/guard.ts", import.meta.url).pathname
    const argv = [process.execPath, "--conditions=@tenterhook/source", program]
    const said = execFileSync("/bin/sh", ["-c", 'rm -r "$PWD"; exec "$@"', "sh", ...argv], { cwd: at("work") })
    assert.strictEqual(said.toString(), "false\n")
  })
})
