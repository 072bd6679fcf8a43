import { assert, describe, it } from "@effect/vitest"
import {
  type ConfigError,
  type ConfigSource,
  emptyReply,
  type End,
  type EventContext,
  FireId,
  type Fire,
  type FunctionAction,
  type HookSet,
  type ShellAction
} from "@tenterhook/core"
import { Effect, Schema } from "effect"
import { oats } from "../../src/index.ts"
import { Hostile } from "../hostile.ts"

const load = (source: ConfigSource, mode = "documented") => oats.load(source, { mode, adapters: [] })
const loadText = (text: string) => load({ _tag: "text", file: "coder.json", folder: "/project", text })
const loadHooks = (value: unknown) => load({ _tag: "value", value, folder: "/project" })
const problemsOf = (loading: Effect.Effect<HookSet, ConfigError>) =>
  Effect.map(Effect.flip(loading), ({ problems }) => problems.map(({ path, text }) => `${path}: ${text}`))
const noticesOf = (loading: Effect.Effect<HookSet, ConfigError>) =>
  Effect.map(loading, ({ notices }) => notices.map(({ text }) => text))

const fire = (context: EventContext, name: Fire["event"]["name"] = "pre_tool_use", mode = "documented"): Fire => ({
  fireId: FireId.make("fire_1"),
  event: { name, class: "gate" },
  context,
  mode
})

const bytes = (text: string) => new TextEncoder().encode(text)
const reply = (parts: Partial<Extract<End, { _tag: "reply" }>>): End => ({
  _tag: "reply",
  ...emptyReply,
  status: 0,
  ...parts
})
const said = (text: string) => reply({ output: bytes(text) })
const failure = (reason: "timeout" | "cancelled" | "missing" | "tool" | "decode", message: string): End => ({
  _tag: "failure",
  reason,
  message,
  reply: emptyReply
})

const guard = Effect.runSync(loadHooks([{ event: "pre_tool_use", command: "guard", timeout: 5 }])).hooks[0]!
const inCode = Effect.runSync(loadHooks([{ event: "pre_tool_use", run: function check() {} }])).hooks[0]!
const bash = { tool: { name: "bash", input: { command: "ls" } } }
const decode = (end: End, context: EventContext = bash) => oats.decode(guard, fire(context), end)

const stdin = Effect.fnUntraced(function* (...of: Parameters<typeof fire>) {
  const { payload } = yield* oats.encode(guard, fire(...of))
  return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>
})

describe("a coder.json", () => {
  it.effect("the documented list and upstream's nested one are one and the same", () =>
    Effect.gen(function* () {
      const list = `[{ "event": "pre_tool_use", "matcher": "bash", "command": "a", "timeout": 7 }]`
      const documented = yield* loadText(`{ "hooks": ${list} }`)
      const nested = yield* loadText(`{ "hooks": { "hooks": ${list} } }`)
      assert.deepStrictEqual(JSON.stringify(nested.hooks), JSON.stringify(documented.hooks))
      assert.strictEqual<string>(documented.hooks[0]!.name, "pre_tool_use[0]")
      assert.deepInclude(documented.hooks[0], { timeoutMs: 7000, onFailure: "continue" })
      assert.deepInclude(documented.policy, { order: "sequential", halting: "decisive" })
    })
  )

  it.effect("a file is checked as upstream's model checks it, code as its engine takes it", () =>
    Effect.gen(function* () {
      const fraction = { event: "pre_tool_use", command: "a", timeout: 0.5 }
      assert.strictEqual((yield* loadHooks([fraction])).hooks[0]!.timeoutMs, 500)
      assert.match(
        (yield* problemsOf(loadText(JSON.stringify({ hooks: [fraction] }))))[0]!,
        /hooks\[0\]\.timeout: .*whole/
      )
      const endless = { event: "pre_tool_use", command: "a", timeout: null }
      assert.strictEqual((yield* loadHooks([endless])).hooks[0]!.timeoutMs, Number.POSITIVE_INFINITY)
      assert.match((yield* problemsOf(loadText(JSON.stringify({ hooks: [endless] }))))[0]!, /got null/)
    })
  )

  it.effect.prop(
    "numeric text is a timeout as Python's int takes it",
    [Schema.Int.check(Schema.isBetween({ minimum: -99_999, maximum: 99_999 }))],
    ([seconds]) =>
      Effect.gen(function* () {
        for (const text of [`${seconds}`, ` ${seconds}\t`, `${seconds}.0`]) {
          const { hooks } = yield* loadText(JSON.stringify({ hooks: [{ event: "stop", command: "a", timeout: text }] }))
          assert.strictEqual(hooks[0]!.timeoutMs, seconds * 1000)
        }
      })
  )

  it.effect("a function belongs to code alone", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problemsOf(loadHooks([{ event: "pre_tool_use", run: "guard" }])), [
        `[0].run: expected a function, got "guard"`
      ])
      assert.deepStrictEqual(yield* problemsOf(loadHooks([{ event: "pre_tool_use", run: () => {}, command: "a" }])), [
        `[0].run: expected either run or command, got "both"`
      ])
      const text = '{ "hooks": [{ "event": "pre_tool_use", "run": "guard" }] }'
      assert.deepStrictEqual(yield* noticesOf(loadText(text)), [
        `hooks[0].run: unknown key "run"; known are event, matcher, command, timeout`,
        "hooks[0]: no command, so the hook never runs"
      ])
    })
  )

  it.effect("a hook without a command is told of, and is off", () =>
    Effect.gen(function* () {
      const { hooks, notices } = yield* loadHooks([{ event: "pre_tool_use" }, { event: "pre_tool_use", command: "a" }])
      assert.deepStrictEqual(
        hooks.map(({ enabled }) => enabled),
        [false, true]
      )
      assert.lengthOf(notices, 1)
    })
  )

  it.effect("a matcher needs a tool's name, whatever the pattern", () =>
    Effect.gen(function* () {
      const { hooks } = yield* loadHooks([{ event: "file_changed", matcher: "*", command: "a" }])
      const { matcher } = hooks[0]!
      assert.strictEqual(matcher!.on, "tool.name")
      assert.isTrue(matcher!.test("write"))
      assert.isFalse(matcher!.test(""))
      assert.isFalse(matcher!.test(undefined))
    })
  )

  it.effect("is found where upstream looks, and a persona's hooks replace it", () =>
    Effect.gen(function* () {
      const hooks = '{ "hooks": [{ "event": "session_start", "command": "a" }] }'
      const at = (env: Record<string, string>, files: Record<string, string>) =>
        Effect.map(
          oats.discover({ path: "/project", env, read: (file) => Effect.succeed(files[file] ?? null) }),
          (sources) => sources.map((source) => (source._tag === "text" ? [source.file, source.folder] : source))
        )
      assert.deepStrictEqual(yield* at({}, {}), [])
      assert.deepStrictEqual(yield* at({}, { "coder.json": hooks }), [["coder.json", "/project"]])
      const both = { "coder.json": hooks, "oats/config/coder.json": hooks }
      assert.deepStrictEqual(yield* at({}, both), [["oats/config/coder.json", "/project/oats/config"]])
      const named = { CODER_CONFIG_FILE: "/etc/coder.json" }
      assert.deepStrictEqual(yield* at(named, { ...both, "/etc/coder.json": hooks }), [["/etc/coder.json", "/etc"]])
      const persona = { PERSONA_CONFIG: "persona.json" }
      assert.deepStrictEqual(yield* at(persona, { ...both, "persona.json": hooks }), [["persona.json", "/project"]])
      assert.deepStrictEqual((yield* at(persona, { ...both, "persona.json": "{}" }))[0], [
        "oats/config/coder.json",
        "/project/oats/config"
      ])
    })
  )

  it.effect.prop("any value in code loads or is refused, and never breaks anything", [Schema.Json], ([value]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(loadHooks(value))
      if (exit._tag === "Failure") assert.isTrue(exit.cause.reasons.every(({ _tag }) => _tag === "Fail"))
    })
  )
})

describe("what a hook is told", () => {
  it.effect("always the eleven keys, in the document's order, null where nothing is known", () =>
    Effect.gen(function* () {
      const told = yield* stdin({})
      assert.deepStrictEqual(Object.keys(told), [
        "session_id",
        "event",
        "tool_name",
        "tool_args",
        "tool_result_output",
        "tool_result_error",
        "user_prompt",
        "assistant_response",
        "root_session_id",
        "file_path",
        "working_dir"
      ])
      assert.deepStrictEqual(
        Object.entries(told).filter(([, value]) => value !== null),
        [["event", "pre_tool_use"]]
      )
    })
  )

  it.effect("a result is text, whole; the first 1000 characters of it in upstream", () =>
    Effect.gen(function* () {
      const output = "😀".repeat(1500)
      const post = (result: EventContext["result"], mode?: string) =>
        Effect.map(stdin({ result: result! }, "post_tool_use", mode), (told) => told["tool_result_output"])
      assert.strictEqual(yield* post({ output }), output)
      assert.strictEqual(yield* post({ output }, "upstream"), "😀".repeat(1000))
      assert.strictEqual(yield* post({ output: { a: [1] } }), '{"a":[1]}')
      assert.strictEqual(yield* post({ output: "" }), "")
      assert.strictEqual(yield* post({ output: "" }, "upstream"), null)
    })
  )

  it.effect("file_changed names the tool without its arguments; a session is its own root but for two events", () =>
    Effect.gen(function* () {
      const context = { ...bash, sessionId: "s1", filePath: "/a" }
      assert.deepInclude(yield* stdin(context, "file_changed"), { tool_name: "bash", tool_args: null, file_path: "/a" })
      assert.deepInclude(yield* stdin(context), { tool_args: { command: "ls" }, root_session_id: "s1" })
      for (const event of ["session_start", "user_prompt_submit"] as const) {
        assert.isNull((yield* stdin(context, event))["root_session_id"])
        assert.strictEqual((yield* stdin({ ...context, rootSessionId: "r" }, event))["root_session_id"], "r")
      }
    })
  )

  it.effect.prop(
    "hostile texts reach it as data alone: the command stays as configured",
    [Hostile, Hostile],
    ([name, prompt]) =>
      Effect.gen(function* () {
        const { action } = yield* oats.encode(guard, fire({ tool: { name, input: prompt }, prompt, cwd: "/w" }))
        assert.deepInclude(action as ShellAction, { run: { command: "guard" }, cwd: "/w", stdin: "payload" })
        assert.deepInclude((action as ShellAction).env, { base: "inherit", set: {} })
        const told = yield* stdin({ tool: { name, input: prompt }, prompt, cwd: "/w" })
        assert.strictEqual(told["tool_name"], name)
        assert.strictEqual(told["tool_args"], prompt)
        assert.strictEqual(told["user_prompt"], prompt)
      })
  )

  it.effect("a function gets the same as its argument", () =>
    Effect.gen(function* () {
      const { action, payload, value } = yield* oats.encode(inCode, fire({ ...bash, cwd: "/w" }))
      assert.strictEqual((action as FunctionAction).kind, "function")
      assert.isUndefined(payload)
      assert.deepStrictEqual(value as unknown, yield* stdin({ ...bash, cwd: "/w" }))
    })
  )

  it.effect("what cannot be written as JSON is the hook's failure, said in words", () =>
    Effect.gen(function* () {
      const circle: Record<string, unknown> = {}
      circle["self"] = circle
      const error = yield* Effect.flip(oats.encode(guard, fire({ tool: { name: "a", input: circle } })))
      assert.strictEqual(error.reason, "decode")
      assert.match(error.message, /^the context cannot be written as JSON: /)
    })
  )
})

describe("what a hook answers", () => {
  it("block denies, with its message, and ends the run", () => {
    assert.deepStrictEqual(decode(said(' {"action":"block","message":"no"}\n')), {
      outcome: { status: "succeeded", output: { verdict: "deny", reason: "no" } },
      decisive: true,
      message: "hook_blocked: event=pre_tool_use tool=bash msg=no"
    })
    const silent = decode(said('{"action":"block"}'), {})
    assert.deepStrictEqual(silent.outcome, { status: "succeeded", output: { verdict: "deny" } })
    assert.strictEqual(silent.message, "hook_blocked: event=pre_tool_use tool=None msg=None")
  })

  it.each([[{}], [{ a: 1 }], [[]], [0], [false], [""]])(
    "modify with %j replaces the arguments, and ends the run",
    (value) => {
      assert.deepStrictEqual(decode(said(JSON.stringify({ action: "modify", modified_args: value }))), {
        outcome: { status: "succeeded", output: { rewrite: { target: "input", mode: "replace", value } } },
        decisive: true,
        message: "hook_modified: event=pre_tool_use tool=bash"
      })
    }
  )

  it.each([
    "",
    " \n\t ",
    "{}",
    '{"action":"continue","modified_args":{},"message":"..."}',
    '{"action":"modify"}',
    '{"action":"modify","modified_args":null}',
    '{"action":"BLOCK"}',
    '{"action":"deny"}',
    '{"action":["block"]}',
    '{"action":{"toString":"block"}}'
  ])("%j goes on without a word", (text) => {
    assert.deepStrictEqual(decode(said(text)), { outcome: { status: "succeeded", output: {} }, decisive: false })
  })

  it.each([
    ["not json", "hook_invalid_json: cmd=guard output=not json"],
    ['log line\n{"action":"block"}', 'hook_invalid_json: cmd=guard output=log line\n{"action":"block"}'],
    ["[1]", "hook_exec_error: cmd=guard error='list' object has no attribute 'get'"],
    ["null", "hook_exec_error: cmd=guard error='NoneType' object has no attribute 'get'"],
    ["1.0", "hook_exec_error: cmd=guard error='float' object has no attribute 'get'"]
  ])("%j fails open: %s", (text, message) => {
    assert.deepStrictEqual(decode(said(text)), {
      outcome: { status: "failed", reason: "decode" },
      decisive: false,
      message
    })
  })

  it("a code other than 0 goes first, whatever was said", () => {
    const block = { output: bytes('{"action":"block"}'), diagnostics: bytes("x".repeat(300)) }
    for (const status of [1, 2, 127]) {
      assert.deepStrictEqual(decode(reply({ ...block, status })), {
        outcome: { status: "failed", reason: "exit" },
        decisive: false,
        message: `hook_cmd_failed: cmd=guard rc=${status} stderr=${"x".repeat(200)}`
      })
    }
    assert.deepInclude(decode(reply({ status: null, signal: "SIGKILL" })), {
      outcome: { status: "failed", reason: "signal" },
      message: "hook_cmd_failed: cmd=guard rc=-9 stderr="
    })
  })

  it("late, cancelled and missing hooks fail open, each in its own words", () => {
    assert.strictEqual(decode(failure("timeout", "late")).message, "hook_timeout: cmd=guard timeout=5s")
    assert.strictEqual(decode(failure("cancelled", "stopped")).message, "stopped")
    assert.strictEqual(decode(failure("missing", "no sh")).message, "hook_exec_error: cmd=guard error=no sh")
    assert.strictEqual(
      decode(failure("decode", "the context cannot be written")).message,
      "hook_error: event=pre_tool_use error=the context cannot be written"
    )
  })

  it("an answer that was cut is not guessed at; noise on stderr that was cut costs nothing", () => {
    const block = bytes('{"action":"block"}')
    assert.deepInclude(decode(reply({ truncated: true, output: block })).outcome, {
      status: "failed",
      reason: "oversize"
    })
    assert.isTrue(decode(reply({ truncated: true, output: block, diagnostics: new Uint8Array(100) })).decisive)
  })

  it.effect.prop(
    "a message is quoted as it is, and any answer is an outcome that allows nothing",
    [Hostile, Hostile, Schema.Json],
    ([message, action, args]) =>
      Effect.sync(() => {
        const blocked = decode(said(JSON.stringify({ action: "block", message })))
        assert.deepStrictEqual(blocked.outcome, {
          status: "succeeded",
          output: message === "" ? { verdict: "deny" } : { verdict: "deny", reason: message }
        })
        const decoded = decode(said(JSON.stringify({ action, modified_args: args, message })))
        assert.notInclude(JSON.stringify(decoded.outcome), '"allow"')
        assert.strictEqual(decoded.decisive, false)
      })
  )

  it.effect.prop(
    "bytes of any kind are an outcome",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))],
    ([all]) =>
      Effect.sync(() => {
        const noise = Uint8Array.from(all)
        for (const end of [reply({ output: noise }), reply({ status: 3, diagnostics: noise })]) {
          assert.include(["succeeded", "failed"], decode(end).outcome.status)
          assert.isFalse(decode(end).decisive)
        }
      })
  )
})

describe("a function's answer", () => {
  const returned = (value: unknown) => oats.decode(inCode, fire(bash), reply({ status: null, value }))

  it("means what a command's does", () => {
    assert.deepInclude(returned({ action: "block", message: "no" }), {
      outcome: { status: "succeeded", output: { verdict: "deny", reason: "no" } },
      decisive: true
    })
    assert.isTrue(returned({ action: "modify", modified_args: {} }).decisive)
    assert.isFalse(returned({ action: "modify" }).decisive)
  })

  it.each([[undefined], [null], [{}], [{ action: "continue" }]])("%j goes on", (value) => {
    assert.deepStrictEqual(returned(value), { outcome: { status: "succeeded", output: {} }, decisive: false })
  })

  it.each([
    ["block", "a string"],
    [true, "a boolean"],
    [[], "a list"],
    [1n, "a bigint"]
  ])("%s fails open, and says what was expected", (value, what) => {
    assert.deepInclude(returned(value), {
      outcome: { status: "failed", reason: "decode" },
      message: `hook_error: event=pre_tool_use error=expected nothing or {action, modified_args, message}, got ${what}`
    })
  })

  it("one that throws or is late fails open", () => {
    const ended = (end: End) => oats.decode(inCode, fire(bash), end)
    assert.strictEqual(
      ended(failure("tool", "check failed: boom")).message,
      "hook_error: event=pre_tool_use error=check failed: boom"
    )
    assert.strictEqual(ended(failure("timeout", "late")).message, "hook_timeout: cmd=check timeout=30s")
    assert.strictEqual(ended(failure("cancelled", "stopped")).message, "stopped")
  })
})
