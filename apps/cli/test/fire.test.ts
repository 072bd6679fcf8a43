import { assert, describe, it } from "vitest"
import { makeFolder, markOf, processesWith } from "./tenterhook.ts"

const config = (...hooks: ReadonlyArray<string>) => ({
  "tenterhook.yaml": `hooks:\n${hooks.map((hook) => `  - ${hook}\n`).join("")}`
})
const echoing = config(`{ on: pre_tool_use, run: "cat > in.json" }`)

describe("fire", () => {
  it("exits with 0 to proceed, and 0 for a hook that failed open", async () => {
    const folder = makeFolder(config(`{ on: stop, run: "echo ok" }`, `{ on: stop, run: "exit 9" }`))
    const ended = await folder.run(["fire", "stop", "--json"])
    assert.strictEqual(ended.code, 0, ended.stderr)
    const report = JSON.parse(ended.stdout)
    assert.deepInclude(report, { event: "stop", dialect: "native", proceed: true })
    assert.deepStrictEqual(
      report.outcomes.map((one: any) => [one.status, one.exitCode]),
      [
        ["succeeded", 0],
        ["failed", 9]
      ]
    )
  })

  it("exits with 3 not to proceed, and tells people why", async () => {
    const folder = makeFolder(config(`{ name: guard, on: pre_tool_use, run: "echo not here >&2; exit 2" }`))
    const ended = await folder.run(["fire", "pre_tool_use", "--set", "tool.name=bash"])
    assert.strictEqual(ended.code, 3)
    for (const said of ["pre_tool_use", "deny", "guard", "not here", "tenterhook.yaml:2"])
      assert.include(ended.stdout, said)
    assert.notInclude(ended.stdout, "\u001b[")
  })

  it("stop with red tests: headline and exit code 4 say that the agent goes on working", async () => {
    const folder = makeFolder(
      config(`{ name: tests, on: [stop, subagent_stop, post_tool_batch], run: "echo red >&2; exit 2" }`)
    )
    for (const [event, who] of [
      ["stop", "agent"],
      ["subagent_stop", "subagent"],
      ["post_tool_batch", "agent"]
    ] as const) {
      const { code, stdout } = await folder.run(["fire", event])
      assert.strictEqual(code, 4)
      assert.include(stdout, `${event}: the ${who} goes on working (resume)`)
      assert.match(stdout, /resume tests: red/)
    }
    const json = await folder.run(["fire", "stop", "--json"])
    assert.strictEqual(json.code, 4)
    assert.deepInclude(JSON.parse(json.stdout), { proceed: true, resume: { hook: "tests", reason: "red" } })
    // What halts the agent is stronger than what sends it back to work.
    folder.write(
      "tenterhook.yaml",
      `hooks:\n  - { on: stop, run: "exit 2" }\n  - { on: stop, run: 'echo "{\\"halt\\":\\"enough\\"}"' }\n`
    )
    assert.strictEqual((await folder.run(["fire", "stop"])).code, 3)
  })

  it("takes the context as JSON, from a file and from stdin, with --set on top", async () => {
    const folder = makeFolder({
      ...echoing,
      "event.json": '{ "sessionId": "s1", "tool": { "name": "bash", "input": { "n": 1 } } }'
    })
    const ways: ReadonlyArray<readonly [ReadonlyArray<string>, string?]> = [
      [["--context", folder.read("event.json")]],
      [["--context", "@event.json"]],
      [["--context", "-"], folder.read("event.json")]
    ]
    for (const [args, input] of ways) {
      const sets = [
        "--set",
        "tool.input.command=rm -rf /",
        "--set",
        "tool.input.n=2",
        "--set",
        'tool.input.list=[1,"x"]',
        "--set",
        "task.id=7"
      ]
      const ended = await folder.run(["fire", "pre_tool_use", ...args, ...sets], input === undefined ? {} : { input })
      assert.strictEqual(ended.code, 0, ended.stderr)
      const seen = JSON.parse(folder.read("in.json"))
      assert.deepInclude(seen, { sessionId: "s1" })
      assert.deepStrictEqual(seen.tool, { name: "bash", input: { n: 2, command: "rm -rf /", list: [1, "x"] } })
      assert.strictEqual(seen.task.id, "7")
    }
  })

  it("refuses a context that is not one, and says where", async () => {
    const folder = makeFolder({ ...echoing, "twice.json": '{"tool":{"name":"bash"},\n "tool":{"name":"ls"}}' })
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["--context", '{ "a": }'], /1:\d+|line 1|position/],
      [["--context", "[1]"], /object/],
      [["--context", "@gone.json"], /gone\.json/],
      [["--context", '{ "tool": {} }'], /tool\.name/],
      [["--set", "novalue"], /key=value/],
      [
        ["--context", '{"tool":{"name":"bash","n\\u0061me":"ls"}}'],
        /--context:1:24: tool\.name: duplicate key "name": it stands at 1:10 already/
      ],
      [["--context", "@twice.json"], /twice\.json:2:2: tool: duplicate key "tool": it stands at 1:2 already/],
      [["--set", 'tool.input={"path":"/","path":"/tmp"}'], /--set tool\.input:1:13: path: duplicate key "path"/]
    ]
    for (const [args, said] of cases) {
      const ended = await folder.run(["fire", "pre_tool_use", ...args])
      assert.strictEqual(ended.code, 2, `${args.join(" ")}: ${ended.stdout}${ended.stderr}`)
      assert.match(ended.stderr, said)
      assert.strictEqual(ended.stdout, "")
      assert.notMatch(ended.stderr, /^\s+at /m)
    }
  })

  it("refuses pre_tool_use without tool.name, and says what was probably meant", async () => {
    const folder = makeFolder(config(`{ name: guard, on: pre_tool_use, tool: bash, run: "exit 2", onFailure: block }`))
    const claude = '{ "tool_name": "Bash", "tool_input": { "command": "ls" } }'
    for (const [args, said] of [
      [
        ["--context", claude],
        /tool\.name: pre_tool_use requires it; unknown key "tool_name": did you mean tool\.name\?/
      ],
      [["--set", "sessionId=s1"], /tool\.name: pre_tool_use requires it/],
      [["--context", '{ "tool": { "name": "" } }'], /tool\.name: pre_tool_use requires it/],
      // A matcher would skip the guard.
      [[], /tool\.name: pre_tool_use requires it/]
    ] as const) {
      const ended = await folder.run(["fire", "pre_tool_use", ...args])
      assert.strictEqual(ended.code, 2, ended.stdout)
      assert.match(ended.stderr, said)
      assert.strictEqual(ended.stdout, "")
    }
    const native = await folder.run(["fire", "PreToolUse", "--context", claude])
    assert.notStrictEqual(native.code, 0)
    // explain runs nothing.
    const explained = await folder.run(["explain", "pre_tool_use", "--context", claude])
    assert.strictEqual(explained.code, 0)
    assert.match(explained.stderr, /unknown key "tool_input"; did you mean "tool\.input"\?/)
  })

  it("tries hooks by hand without a context where none of them looks at the tool", async () => {
    const folder = makeFolder(config(`{ on: pre_tool_use, run: "exit 2" }`))
    assert.strictEqual((await folder.run(["fire", "pre_tool_use"])).code, 3)
  })

  it("warns about keys that no event has, with the nearest", async () => {
    const ended = await makeFolder(echoing).run(["fire", "stop", "--context", '{ "sesionId": "s1" }'])
    assert.strictEqual(ended.code, 0)
    assert.match(ended.stderr, /sesionId.*sessionId/)
  })

  it("refuses an event that nobody knows, with the nearest", async () => {
    const ended = await makeFolder(echoing).run(["fire", "pre_tool"])
    assert.strictEqual(ended.code, 2)
    assert.match(ended.stderr, /unknown event "pre_tool".*pre_tool_use/)
  })

  it("--timeout ends it with 124 and leaves nothing running", async () => {
    const folder = makeFolder(config(`{ on: stop, run: "sleep 300 & sleep 300" }`))
    const ended = await folder.run(["fire", "stop", "--timeout", "300ms"], { env: { MARK: markOf("fire-timeout") } })
    assert.strictEqual(ended.code, 124)
    assert.strictEqual(processesWith(`MARK=${markOf("fire-timeout")}`), 0)
    assert.strictEqual((await folder.run(["fire", "stop", "--timeout", "5"])).code, 2)
  })

  it("an interrupt ends it with 130 and leaves nothing running", async () => {
    const folder = makeFolder(config(`{ on: stop, run: "echo up > up; sleep 300" }`))
    const started = folder.start(["fire", "stop"], { env: { MARK: markOf("fire-int") } })
    await folder.appears("up")
    started.child.kill("SIGINT")
    assert.strictEqual((await started.ended).code, 130)
    assert.strictEqual(processesWith(`MARK=${markOf("fire-int")}`), 0)
  })

  it("--log-level debug tells what Wegent's documentation promises", async () => {
    const folder = makeFolder({ "hook.sh": "echo said; echo complained >&2; exit 4\n" })
    const env = { WEGENT_HOOK_PRE_EXECUTE: folder.at("hook.sh") }
    const args = [
      "fire",
      "execution_start",
      "--dialect",
      "wegent",
      "--set",
      "task.id=7",
      "--set",
      `task.dir=${folder.at("work")}`,
      "--log-level",
      "debug"
    ]
    const { code, stderr } = await folder.run(args, { env })
    assert.strictEqual(code, 0)
    for (const said of [`bash ${folder.at("hook.sh")}`, folder.at("work"), "7", "said", "complained", "4"])
      assert.include(stderr, said)
  })

  it("ends quietly when its reader goes away", async () => {
    const folder = makeFolder(config(`{ on: stop, run: "head -c 300000 /dev/zero | tr '\\\\0' x" }`))
    const started = folder.start(["fire", "stop", "--json"])
    started.child.stdout!.destroy()
    const ended = await started.ended
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.notMatch(ended.stderr, /EPIPE|at /)
  })

  it("colours only where it is wanted", async () => {
    const folder = makeFolder(config(`{ on: stop, run: "true" }`))
    const plain = await folder.run(["fire", "stop"])
    assert.notInclude(plain.stdout + plain.stderr, "\u001b[")
    assert.include((await folder.run(["fire", "stop"], { env: { FORCE_COLOR: "1" } })).stdout, "\u001b[")
    assert.notInclude(
      (await folder.run(["fire", "stop"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout,
      "\u001b["
    )
  })
})
