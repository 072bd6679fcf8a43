/** What the cases cannot show: configs given in code, discovery, and what tools, responses and functions answer. */
import {
  type End,
  emptyReply,
  FireId,
  type Fire,
  type Hook,
  type EventContext,
  classOf,
  type EventName,
  type FunctionAction,
  type HttpAction,
  type ToolAction
} from "@tenterhook/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { native } from "../../src/index.ts"
import { loadHooks, loadText, noticesOf, problemsOf } from "./load.ts"

const fireOf = (name: EventName, context: EventContext = {}): Fire => ({
  fireId: FireId.make("fire_1"),
  event: { name, class: classOf(name) },
  context,
  mode: "documented"
})
const bytes = (text: string) => new TextEncoder().encode(text)
const reply = (fields: Partial<Extract<End, { _tag: "reply" }>>): End => ({ _tag: "reply", ...emptyReply, ...fields })
const first = (loading: ReturnType<typeof loadHooks>) => Effect.map(loading, (set) => set.hooks[0] as Hook)

describe("hooks in code", () => {
  it.effect("are a list or a whole document, and run may be a function", () =>
    Effect.gen(function* () {
      const run = () => ({ verdict: "deny" })
      const listed = yield* loadHooks([{ on: "stop", run }])
      const whole = yield* loadHooks({ defaults: { onFailure: "block" }, hooks: [{ on: "stop", run }] })
      const hook = listed.hooks[0] as Hook<FunctionAction>
      assert.deepStrictEqual(
        [hook.name, hook.action, hook.onFailure],
        ["stop[0]", { kind: "function", run }, "continue"]
      )
      assert.strictEqual(whole.hooks[0]!.onFailure, "block")
      assert.deepStrictEqual(listed.hooks[0]!.source, { file: null, line: null })
    })
  )

  it.effect("are refused like files, by their path", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(
        loadHooks([
          { on: "stop", run: () => undefined, cwd: "/" },
          { on: "stop", run: 5 }
        ])
      )
      assert.match(problems[0]!, /hooks\[0\]\.cwd: .*runs a function/)
      assert.match(problems[1]!, /hooks\[1\]\.run: .*or a function, got 5/)
      const cycle: Record<string, unknown> = {}
      cycle["self"] = cycle
      assert.match(
        (yield* problemsOf(loadHooks([{ on: "stop", call: "x", with: cycle }])))[0]!,
        /hooks\[0\]\.with: .*JSON/
      )
    })
  )

  it.effect("a function answers with nothing or an object", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks([{ on: "pre_tool_use", run: () => undefined }]))
      const fire = fireOf("pre_tool_use")
      assert.deepStrictEqual(native.decode(hook, fire, reply({})).outcome, { status: "succeeded", output: {} })
      const denied = native.decode(hook, fire, reply({ value: { verdict: "deny", reason: "no", context: "why" } }))
      assert.deepStrictEqual(denied, {
        outcome: { status: "succeeded", output: { verdict: "deny", reason: "no", context: ["why"] } },
        decisive: true
      })
      assert.deepInclude(native.decode(hook, fire, reply({ value: "deny" })).outcome, {
        status: "failed",
        reason: "decode"
      })
      assert.deepInclude(native.decode(hook, fire, reply({ value: { verdict: "no" } })).outcome, {
        status: "failed",
        reason: "decode"
      })
    })
  )

  it.effect("a function gets the event and its context, without the environment", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks([{ on: "pre_tool_use", run: () => undefined }]))
      const encoded = yield* native.encode(hook, fireOf("pre_tool_use", { env: { A: "b" }, tool: { name: "bash" } }))
      assert.deepStrictEqual(encoded.value, { event: "pre_tool_use", fireId: "fire_1", tool: { name: "bash" } })
    })
  )
})

describe("tools", () => {
  const config = [
    {
      on: "pre_tool_use",
      call: "append",
      with: { text: "${tool.name}: $${x}", all: "${tool.input}", list: ["${event}", 1] }
    }
  ]

  it.effect("get values in their own type where a text is one place", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks(config))
      const { action } = yield* native.encode(
        hook,
        fireOf("pre_tool_use", { tool: { name: "${event}", input: { a: [1] } } })
      )
      assert.deepStrictEqual((action as ToolAction).args, {
        text: "${event}: ${x}",
        all: { a: [1] },
        list: ["pre_tool_use", 1]
      })
      const error = yield* Effect.flip(native.encode(hook, fireOf("pre_tool_use", { tool: { name: "bash" } })))
      assert.strictEqual(error.reason, "missing")
      assert.include(error.message, "tool.input")
    })
  )

  it.effect("are read as an answer only where they made one", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks(config))
      const outcome = (fields: Parameters<typeof reply>[0]) =>
        native.decode(hook, fireOf("pre_tool_use"), reply(fields)).outcome
      const go = { status: "succeeded", output: {} } as const
      assert.deepStrictEqual(outcome({ value: "all is well" }), go)
      assert.deepInclude(outcome({ value: { files: ["a.ts"], context: "x" } }), { status: "succeeded" })
      assert.deepInclude(outcome({ value: { ok: true, files: ["a.ts"] } }), { status: "failed", reason: "decode" })
      assert.deepStrictEqual(outcome({ value: ["verdict"] }), go)
      assert.deepStrictEqual(outcome({ output: bytes("{ this is code }") }), go)
      assert.deepStrictEqual(outcome({ value: { verdict: "deny" } }), {
        status: "succeeded",
        output: { verdict: "deny" }
      })
      assert.deepStrictEqual(outcome({ output: bytes('{"verdict":"ask"}') }), {
        status: "succeeded",
        output: { verdict: "ask" }
      })
      assert.deepInclude(outcome({ value: { verdict: "guilty" } }), { status: "failed", reason: "decode" })
    })
  )
})

describe("posts", () => {
  const config = {
    on: "pre_tool_use",
    post: "https://ops.example.com/${tool.name}?s=${sessionId}",
    headers: { "x-tool": "${tool.name}" },
    secret: { env: "KEY" }
  }

  it.effect("encode what they fill in, and go unsigned nowhere", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks([config]))
      const context = { sessionId: "a b&c", tool: { name: "../x" }, env: { KEY: "k" } }
      const { action, payload } = yield* native.encode(hook, fireOf("pre_tool_use", context))
      assert.deepInclude(action as HttpAction, {
        url: "https://ops.example.com/..%2Fx?s=a%20b%26c",
        method: "POST",
        headers: { "content-type": "application/json", "x-tool": "../x" },
        secret: { env: "KEY" }
      })
      assert.deepInclude(JSON.parse(new TextDecoder().decode(payload)), { event: "pre_tool_use", sessionId: "a b&c" })
      const reasonOf = (context: EventContext) =>
        Effect.map(Effect.flip(native.encode(hook, fireOf("pre_tool_use", context))), (error) => error.reason)
      assert.strictEqual(yield* reasonOf({ ...context, env: {} }), "missing")
      assert.strictEqual(yield* reasonOf({ ...context, tool: { name: ".." } }), "decode")
      assert.strictEqual(yield* reasonOf({ ...context, tool: { name: "a\r\nx: y" } }), "decode")
      assert.strictEqual(yield* reasonOf({ ...context, tool: { name: "\ud800" } }), "decode")
    })
  )

  it.effect("answer by status and body", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks([config]))
      const decode = (status: number, body: string, truncated = false) =>
        native.decode(
          hook,
          fireOf("pre_tool_use"),
          reply({ value: { status, headers: {}, body }, output: bytes(body), truncated })
        )
      assert.deepStrictEqual(decode(200, "{}").outcome, { status: "succeeded", output: {} })
      assert.deepInclude(decode(200, '{"ok":true}').outcome, { status: "failed", reason: "decode" })
      assert.deepStrictEqual(decode(204, "").outcome, { status: "succeeded", output: {} })
      assert.deepInclude(decode(200, '{"verdict":"deny"}').outcome, { output: { verdict: "deny" } })
      assert.deepInclude(decode(200, '{"verdict":').outcome, { status: "failed", reason: "decode" })
      assert.deepInclude(decode(500, '{"verdict":"allow"}').outcome, { status: "failed", reason: "exit" })
      assert.strictEqual(decode(500, "oops").message, "answered 500: oops")
      assert.deepInclude(decode(200, '{"verdict":', true).outcome, { status: "failed", reason: "decode" })
      const parsed = reply({ value: { status: 200, headers: {}, body: { verdict: "deny" } }, output: bytes("cut") })
      assert.deepInclude(native.decode(hook, fireOf("pre_tool_use"), parsed).outcome, { output: { verdict: "deny" } })
    })
  )
})

describe("commands", () => {
  it.effect("refuse values that no argument or variable can hold", () =>
    Effect.gen(function* () {
      const reasonOf = Effect.fnUntraced(function* (hook: object, prompt: string) {
        const one = yield* first(loadHooks([{ on: "user_prompt_submit", ...hook }]))
        return (yield* Effect.flip(native.encode(one, fireOf("user_prompt_submit", { prompt })))).reason
      })
      assert.strictEqual(yield* reasonOf({ run: ["echo", "${prompt}"] }, "a\0b"), "decode")
      assert.strictEqual(yield* reasonOf({ run: ["echo", "${prompt}"] }, "x".repeat(200_000)), "oversize")
      assert.strictEqual(yield* reasonOf({ run: "true", env: { P: "${prompt}" } }, "ä".repeat(70_000)), "oversize")
    })
  )

  it.effect("say in encode what a context that is no JSON is", () =>
    Effect.gen(function* () {
      const hook = yield* first(loadHooks([{ on: "stop", run: "true" }]))
      const error = yield* Effect.flip(native.encode(hook, fireOf("stop", { extra: { big: 1n } })))
      assert.deepInclude(error, { reason: "decode" })
    })
  )

  it.effect("a failure is never more than what its policy says", () =>
    Effect.gen(function* () {
      const set = yield* loadHooks([
        { on: "stop", run: "true" },
        { on: "stop", run: "true", onFailure: "block" }
      ])
      const end: End = {
        _tag: "failure",
        reason: "timeout",
        message: "too late",
        reply: { ...emptyReply, output: bytes('{"verdict":"allow"}') }
      }
      const [open, closed] = set.hooks.map((hook) => native.decode(hook, fireOf("stop"), end))
      assert.deepStrictEqual(open!.outcome, {
        status: "failed",
        reason: "timeout",
        notices: [{ level: "warn", text: "too late; the agent goes on" }]
      })
      assert.deepStrictEqual(closed!.outcome, { status: "failed", reason: "timeout" })
    })
  )
})

describe("discovery", () => {
  it.effect("finds the files of a folder in one order", () =>
    Effect.gen(function* () {
      const files: Record<string, string> = { "tenterhook.json": '{"hooks":[]}', "tenterhook.yaml": "hooks: []" }
      const found = yield* native.discover({ path: "/p", env: {}, read: (file) => Effect.succeed(files[file] ?? null) })
      assert.deepStrictEqual(
        found.map((source) => source._tag === "text" && source.file),
        ["/p/tenterhook.yaml", "/p/tenterhook.json"]
      )
    })
  )

  it("knows its own by name and by shape", () => {
    const text = (file: string, text: string) => native.recognizes({ _tag: "text", file, folder: "/", text })
    assert.isTrue(text("a/tenterhook.yml", ""))
    assert.isTrue(text("ci.tenterhook.yaml", ""))
    assert.isTrue(text("x.yaml", "hooks: [{ on: stop, run: 'true' }]"))
    assert.isFalse(text("coder.json", '{"hooks":[{"event":"pre_tool_use","command":"go on"}]}'))
    assert.isFalse(text("x.yaml", "on: [unclosed"))
    assert.isTrue(native.recognizes({ _tag: "value", value: [{ on: "stop" }], folder: "/" }))
  })
})

describe("what a template or condition cannot have", () => {
  const text = `
hooks:
  - { on: stop, call: x, with: { a: "\${HOME}", b: ["\${agent.typ}"], c: "\${tool.input.any.thing}", d: "\${configDir}" } }
  - { on: stop, when: { tool.input.x: 1, sessionId.x: 1 }, run: "true" }
`
  const expected = [
    /hooks\[0\]\.with\.a: .*\$\{env\.HOME\}/,
    /hooks\[0\]\.with\.b\[0\]: .*"type"/,
    /hooks\[1\]\.when\.sessionId\.x: "sessionId" is a text/
  ]

  it.effect("is refused, and read leniently it is a notice", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(loadText(text))
      const notices = yield* noticesOf(loadText(text, "tenterhook.yaml", true))
      for (const said of [problems, notices]) {
        assert.lengthOf(said, 3)
        for (const [index, one] of expected.entries()) assert.match(said[index]!, one)
      }
    })
  )
})
