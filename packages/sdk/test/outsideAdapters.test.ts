/** Adapters and dialects of others: a fault of theirs is a failure of the hook, in words, and not of the fire. */
import { type Adapter, type Dialect, emptyReply } from "@tenterhook/core"
import { native } from "@tenterhook/dialects"
import { Effect, Schema } from "effect"
import { assert, describe, it } from "vitest"
import { createHooks, type PlainAdapter } from "../src/index.ts"

const bash = { tool: { name: "bash" } }

describe("a plain adapter", () => {
  const fire = async (adapter: Partial<PlainAdapter>) => {
    await using hooks = await createHooks({
      hooks: [{ on: "pre_tool_use", action: { kind: "x" }, onFailure: "block" }],
      adapters: [{ kind: "x", run: async () => {}, ...adapter }]
    })
    return await hooks.fire("pre_tool_use", bash)
  }

  const wrong: ReadonlyArray<readonly [returned: unknown, message: RegExp]> = [
    [{ exitcode: 2 }, /got the key "exitcode"; did you mean "exitCode"\?$/],
    [{ exitCode: "2" }, /expected exitCode of its reply to be a whole number, got "2"$/],
    [{ exitCode: 2.5 }, /expected exitCode of its reply to be a whole number, got 2\.5$/],
    [{ stdout: { verdict: "deny" } }, /expected stdout of its reply to be a text or bytes, got \{"verdict":"deny"\}$/],
    ["deny", /expected run to return nothing or \{ exitCode, stdout, stderr, value \}, got "deny"$/],
    [false, /, got false$/],
    [[2], /, got \[2\]$/],
    [{ verdict: "deny" }, /got the key "verdict"/]
  ]
  for (const [returned, message] of wrong) {
    it(`that returns ${JSON.stringify(returned)} has failed`, async () => {
      const report = await fire({ run: async () => returned as never })
      assert.isFalse(report.proceed)
      assert.deepInclude(report.outcomes[0], { status: "failed", reason: "tool" })
      assert.match(report.outcomes[0]!.message!, message)
    })
  }

  for (const [title, check, message] of [
    ["throws", () => assert.fail("expected text"), /action: expected text/],
    ["returns false", () => false, /action: the check of the adapter refuses it/],
    ["is async", async () => {}, /action: expected check of the adapter to return at once, got a promise/]
  ] as const) {
    it(`whose check ${title} refuses the config`, async () => {
      const error = await fire({ check: check as never }).then(
        () => null,
        (error: unknown) => error as Error
      )
      assert.match(error?.message ?? "", message)
    })
  }
})

describe("an adapter with Effect", () => {
  const Action = Schema.Struct({ kind: Schema.Literal("x") })
  const running = { reply: Effect.succeed(emptyReply), stop: () => Effect.succeed(emptyReply) }
  const throwing = (): never => {
    throw new TypeError("lost")
  }
  const fire = async (start: unknown) => {
    const adapter: Adapter<typeof Action.Type> = { kind: "x", action: Action, start: start as never }
    await using hooks = await createHooks({
      hooks: [{ on: "pre_tool_use", action: { kind: "x" }, onFailure: "block", timeout: "100ms" }],
      adapters: [adapter]
    })
    return await hooks.fire("pre_tool_use", bash)
  }

  const faults: ReadonlyArray<readonly [title: string, start: unknown, message: RegExp]> = [
    ["start throws", throwing, /x failed: TypeError: lost/],
    ["start dies", () => Effect.die("lost"), /x failed: lost/],
    ["start fails with another error", () => Effect.fail(new Error("lost")), /x failed: lost/],
    ["start is a promise", async () => running, /expected what start returns to be an Effect of effect 4, got/],
    ["start gives nothing", () => Effect.void, /expected start to give \{ reply, stop \}, got nothing/],
    ["reply dies", () => Effect.succeed({ ...running, reply: Effect.die(new Error("lost")) }), /x failed: lost/],
    [
      "reply is a promise",
      () => Effect.succeed({ ...running, reply: Promise.resolve() }),
      /expected reply to be an Effect/
    ],
    [
      "reply has no bytes",
      () => Effect.succeed({ ...running, reply: Effect.succeed({ ...emptyReply, output: "{}" }) }),
      /expected output of its reply to be bytes, got "\{\}"/
    ],
    [
      "reply has a status that is no number",
      () => Effect.succeed({ ...running, reply: Effect.succeed({ ...emptyReply, status: "2" }) }),
      /expected status of its reply to be an exit code or null, got "2"/
    ],
    ["stop dies", () => Effect.succeed({ reply: Effect.never, stop: throwing }), /did not end within 100 ms/]
  ]
  for (const [title, start, message] of faults) {
    it(title, async () => {
      const report = await fire(start)
      assert.isFalse(report.proceed)
      assert.match(report.outcomes[0]!.message!, message)
    })
  }
})

describe("a dialect with Effect", () => {
  const throwing = (): never => {
    throw new TypeError("lost")
  }
  const open = (parts: Partial<Record<keyof Dialect, unknown>>, more: object = {}) => {
    const other: Dialect = {
      ...native,
      id: "other",
      title: "Other",
      discover: () => Effect.succeed([]),
      recognizes: () => false,
      load: (source, options) => Effect.map(native.load(source, options), (set) => ({ ...set, dialect: "other" })),
      ...(parts as Partial<Dialect>)
    }
    const hooks = ["block", "continue"].map((onFailure) => ({ on: "pre_tool_use", run: () => ({}), onFailure }))
    return createHooks({ dialects: [other], dialect: "other", hooks, ...more })
  }

  it("loads and fires", async () => {
    await using hooks = await open({})
    assert.isTrue((await hooks.fire("pre_tool_use", bash)).proceed)
  })

  for (const [title, load, message] of [
    ["load throws", throwing, `the dialect "other" failed in load: TypeError: lost`],
    ["load dies", () => Effect.die(new Error("lost")), `the dialect "other" failed in load: lost`],
    [
      "load is a promise",
      async () => ({}),
      `the dialect "other" failed in load: expected an Effect of effect 4, got {}`
    ],
    [
      "load gives another's set",
      () => Effect.succeed({ dialect: "native", hooks: [] }),
      `the dialect "other" failed in load: expected a hook set of "other", got one of "native"`
    ],
    [
      "load gives no hooks",
      () => Effect.succeed({ dialect: "other" }),
      `the dialect "other" failed in load: expected hooks of its hook set to be a list, got nothing`
    ]
  ] as const) {
    it(title, async () => {
      const error = await open({ load }).then(
        () => null,
        (error: unknown) => error as Error
      )
      assert.strictEqual(error?.message, `(config): ${message}`)
    })
  }

  for (const [title, parts, message] of [
    ["recognizes throws", { recognizes: throwing }, `the dialect "other" failed in recognizes: TypeError: lost`],
    [
      "recognizes returns nothing",
      { recognizes: () => undefined },
      `the dialect "other" failed in recognizes: expected true or false, got nothing`
    ],
    ["discover dies", { discover: () => Effect.die("lost") }, `the dialect "other" failed in discover: lost`]
  ] as const) {
    it(title, async () => {
      const config = title.startsWith("discover") ? {} : { config: { file: "a.yaml", text: "a: 1" } }
      const error = await open(parts, { dialect: undefined, hooks: undefined, ...config }).then(
        () => null,
        (error: unknown) => error as Error
      )
      assert.strictEqual(error?.message, message)
    })
  }

  for (const [title, parts, message] of [
    ["encode throws", { encode: throwing }, `the dialect "other" failed in encode: TypeError: lost`],
    ["encode fails with another error", { encode: () => Effect.fail(new Error("lost")) }, "lost"],
    ["decode throws", { decode: throwing }, `the dialect "other" failed in decode: TypeError: lost`],
    [
      "decode returns nothing",
      { decode: () => undefined },
      `the dialect "other" failed in decode: expected { outcome, decisive }, got nothing`
    ]
  ] as const) {
    it(`${title}: a closed gate stays closed, an open one gets a notice`, async () => {
      await using hooks = await open(parts)
      const { proceed, outcomes, notices } = await hooks.fire("pre_tool_use", bash)
      assert.isFalse(proceed)
      assert.deepStrictEqual(
        outcomes.map((outcome) => outcome.message),
        [message, message]
      )
      assert.deepStrictEqual(
        notices.map(({ text }) => text),
        [`${message}; the agent goes on`]
      )
    })
  }
})
