import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  classOf,
  type Contribution,
  defaultPolicy,
  type EventName,
  type HookEvent,
  type HostCapability,
  join,
  merge,
  type Output,
  permits,
  Verdict,
  verdicts
} from "../../src/index.ts"

const event = (name: EventName): HookEvent => ({ name, class: classOf(name) })
const gate = event("pre_tool_use")

const contribution = (output: Output, index = 0, more: Partial<Contribution> = {}): Contribution => ({
  hook: `hook-${index}`,
  set: 0,
  policy: defaultPolicy,
  output,
  ...more
})
const merged = (outputs: ReadonlyArray<Output>, at: HookEvent = gate, host?: ReadonlyArray<HostCapability>) =>
  merge(
    outputs.map((output, index) => contribution(output, index)),
    host === undefined ? { event: at } : { event: at, host }
  )

/** Any output a hook may give at a gate. */
const AnyOutput = Schema.Struct({
  verdict: Schema.optionalKey(Verdict),
  reason: Schema.optionalKey(Schema.String),
  context: Schema.optionalKey(Schema.Array(Schema.String)),
  rewrite: Schema.optionalKey(
    Schema.Struct({
      target: Schema.Literal("input"),
      mode: Schema.Literals(["replace", "patch"]),
      value: Schema.String
    })
  ),
  halt: Schema.optionalKey(Schema.String),
  resume: Schema.optionalKey(Schema.String)
})
const AnyOutputs = Schema.Array(AnyOutput)
const AnyHost = Schema.Array(Schema.Literals(["ask", "defer", "rewrite", "context", "resume"]))

const rank = (verdict: Verdict) => verdicts.indexOf(verdict)

describe("the verdict", () => {
  it.effect.prop(
    "is a join: associative, commutative, idempotent, with a unit",
    [Verdict, Verdict, Verdict],
    ([a, b, c]) =>
      Effect.sync(() => {
        assert.strictEqual(join(a, join(b, c)), join(join(a, b), c))
        assert.strictEqual(join(a, b), join(b, a))
        assert.strictEqual(join(a, a), a)
        assert.strictEqual(join(a, "abstain"), a)
        assert.strictEqual(join(a, "deny"), "deny")
      })
  )

  it.effect.prop("does not depend on the order of hooks, and a deny is never lost", [AnyOutputs], ([outputs]) =>
    Effect.sync(() => {
      const report = merged(outputs)
      assert.strictEqual(merged(outputs.toReversed()).verdict, report.verdict)
      if (outputs.some(({ verdict }) => verdict === "deny")) assert.strictEqual(report.verdict, "deny")
    })
  )

  it.effect.prop(
    "lets the host proceed exactly when nothing halts and nobody asks, defers or denies",
    [AnyOutputs],
    ([outputs]) =>
      Effect.sync(() => {
        const report = merged(outputs)
        assert.strictEqual(report.proceed, report.halt === null && permits(report.verdict))
      })
  )

  it.effect.prop(
    "splitting the hooks in two and joining the verdicts changes nothing",
    [AnyOutputs, AnyOutputs],
    ([a, b]) =>
      Effect.sync(() => assert.strictEqual(merged([...a, ...b]).verdict, join(merged(a).verdict, merged(b).verdict)))
  )
})

describe("what is concatenated", () => {
  it.effect.prop("keeps definition order", [AnyOutputs], ([outputs]) =>
    Effect.sync(() => {
      const report = merged(outputs)
      assert.deepStrictEqual(
        report.context.map(({ text }) => text),
        outputs.flatMap(({ context }) => context ?? [])
      )
      assert.deepStrictEqual(
        report.reasons.map(({ text }) => text),
        outputs.flatMap(({ reason }) => (reason === undefined ? [] : [reason]))
      )
    })
  )
})

describe("a rewrite", () => {
  const rewrite = (value: string) => ({ rewrite: { target: "input", mode: "replace", value } }) as const

  it("is the last in order, or the first where the policy says so; the others are losses", () => {
    assert.strictEqual(merged([rewrite("a"), rewrite("b")]).rewrite?.value, "b")
    const firstWins = { ...defaultPolicy, rewrite: "firstWins" } as const
    const report = merge(
      [0, 1].map((i) => contribution(rewrite(`${i}`), i, { policy: firstWins })),
      { event: gate }
    )
    assert.strictEqual(report.rewrite?.value, "0")
    assert.deepStrictEqual(
      report.losses.map(({ hook }) => hook),
      ["hook-1"]
    )
  })

  it("of several sets is the last set's", () => {
    const firstWins = { ...defaultPolicy, rewrite: "firstWins" } as const
    const report = merge(
      [
        contribution(rewrite("a"), 0, { policy: firstWins }),
        contribution(rewrite("b"), 1, { set: 1, policy: firstWins })
      ],
      { event: gate }
    )
    assert.strictEqual(report.rewrite?.value, "b")
  })

  it.effect.prop("is dropped on deny, and never without saying so", [AnyOutputs], ([outputs]) =>
    Effect.sync(() => {
      const report = merged(outputs)
      const asked = outputs.filter((output) => output.rewrite !== undefined).length
      if (report.verdict === "deny") assert.isNull(report.rewrite)
      const lost = report.losses.filter(({ from }) => from.startsWith("rewrite")).length
      assert.strictEqual(lost + (report.rewrite === null ? 0 : 1), asked)
    })
  )

  it("with a target that the event does not have is lost", () => {
    const report = merged([rewrite("a")], event("user_prompt_submit"))
    assert.isNull(report.rewrite)
    assert.deepInclude(report.losses[0], { from: "rewrite input", to: "nothing" })
  })
})

describe("halt and resume", () => {
  it.effect.prop("a cancelled fire halts, whatever its hooks answered", [AnyOutputs], ([outputs]) =>
    Effect.sync(() => {
      for (const name of ["pre_tool_use", "stop"] as const) {
        const contributions = outputs.map((output, index) => contribution(output, index))
        const report = merge(contributions, { event: event(name), cancelled: true })
        assert.isFalse(report.proceed)
        assert.isNull(report.resume)
        const halting = contributions.find(({ output }) => output.halt !== undefined)
        assert.strictEqual(report.halt?.hook, halting?.hook ?? "host")
      }
    })
  )

  it.effect.prop("halt dominates: nothing proceeds and nothing resumes", [AnyOutputs], ([outputs]) =>
    Effect.sync(() => {
      const report = merged(outputs, event("stop"))
      const halts = outputs.some(({ halt }) => halt !== undefined)
      assert.strictEqual(report.halt !== null, halts)
      if (halts) assert.isNull(report.resume)
      if (halts) assert.isFalse(report.proceed)
      if (!halts)
        assert.strictEqual(
          report.resume !== null,
          outputs.some(({ resume }) => resume !== undefined)
        )
    })
  )

  it("a refused resume is a loss", () => {
    const report = merge([contribution({ resume: "go on" })], {
      event: event("stop"),
      resumeRefused: "8 times already"
    })
    assert.isNull(report.resume)
    assert.deepInclude(report.losses[0], { from: "resume", why: "8 times already" })
  })
})

describe("what the event's class does not allow", () => {
  it("is lost on an event that only observes, and said so", () => {
    const report = merged([{ verdict: "deny", reason: "no", context: ["c"], resume: "r" }], event("session_start"))
    assert.strictEqual(report.verdict, "abstain")
    assert.isTrue(report.proceed)
    assert.deepStrictEqual(report.context, [{ hook: "hook-0", text: "c" }])
    assert.deepStrictEqual(
      report.losses.map(({ from, to }) => [from, to]),
      [
        ["deny", "abstain"],
        ["resume", "nothing"]
      ]
    )
  })
})

describe("what the host cannot honour", () => {
  it.effect.prop("is lowered, never raised, and each step down is a loss", [AnyOutputs, AnyHost], ([outputs, host]) =>
    Effect.sync(() => {
      const all = merged(outputs)
      const less = merged(outputs, gate, host)
      assert.isAtLeast(rank(less.verdict), rank(all.verdict))
      assert.isTrue(all.proceed || !less.proceed)
      if (less.verdict !== all.verdict) assert.isAbove(less.losses.length, 0)
      if (!host.includes("ask")) assert.notStrictEqual(less.verdict, "ask")
      if (!host.includes("defer")) assert.notStrictEqual(less.verdict, "defer")
      if (!host.includes("context")) assert.lengthOf(less.context, 0)
    })
  )

  it("a rewrite that a gate's host cannot make denies: the call must not run unchecked", () => {
    const report = merged([{ rewrite: { target: "input", mode: "replace", value: {} } }], gate, ["ask"])
    assert.strictEqual(report.verdict, "deny")
    assert.deepInclude(report.losses[0], { from: "rewrite input", to: "deny" })
  })
})
