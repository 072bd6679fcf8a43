import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  type EventContext,
  type EventName,
  type Hook,
  type HookEvent,
  hookName,
  type HookSet,
  type Matcher
} from "../../src/index.ts"
import * as Plan from "../../src/plan/Plan.ts"
import { finish, finishNow, type Planning } from "../../src/plan/Planning.ts"
import { hook, set } from "../fixtures/tiny.ts"

const gate = { name: "pre_tool_use", class: "gate" } as const
const exact = (tool: string, literal = true): Matcher => ({
  on: "tool.name",
  text: tool,
  test: (value) => value === tool,
  ...(literal ? { literals: [tool] } : {})
})
const noop = () => ({})
const atOnce = <A>(planning: Planning<A>): A => {
  for (;;) {
    const step = planning.next(false)
    if (step.done === true) return step.value
  }
}
const planner =
  (sets: ReadonlyArray<HookSet>) =>
  (event: EventName, context: EventContext): ReadonlyArray<Plan.SetPlan> =>
    atOnce(Plan.planner(sets)(event, context))
const explain = (sets: ReadonlyArray<HookSet>, event: HookEvent, context: EventContext) =>
  atOnce(Plan.explain(sets, event, context, () => null))
const names = (plans: ReadonlyArray<Plan.SetPlan>) =>
  plans.flatMap(({ hooks }) => hooks.map((one) => one.name as string))

describe("plan", () => {
  const Configured = Schema.Array(
    Schema.Struct({
      event: Schema.Literals(["pre_tool_use", "post_tool_use", "*"]),
      tool: Schema.optionalKey(Schema.Literals(["bash", "edit"])),
      literal: Schema.Boolean,
      enabled: Schema.Boolean
    })
  )
  const Asked = Schema.Array(Schema.Literals(["bash", "edit", "other", ""]))

  it.effect.prop(
    "the index finds what asking every hook would find, in definition order, however often",
    [Configured, Asked],
    ([configured, asked]) =>
      Effect.sync(() => {
        const hooks = configured.map(({ event, tool, literal, enabled }, index) =>
          hook(noop, {
            name: hookName(`${index}`),
            events: event === "*" ? "*" : [event],
            enabled,
            ...(tool === undefined ? {} : { matcher: exact(tool, literal) })
          })
        )
        const sets = [set(hooks)]
        for (const name of [...asked, ...asked]) {
          const context = name === "" ? {} : { tool: { name } }
          const expected = hooks.filter(
            (one) =>
              one.enabled &&
              (one.events === "*" || one.events.includes("pre_tool_use")) &&
              (one.matcher?.test(context.tool?.name) ?? true)
          )
          assert.deepStrictEqual(
            names(planner(sets)("pre_tool_use", context)),
            expected.map((one) => one.name as string)
          )
        }
      })
  )

  it("asks matchers on other values, and conditions, at each fire", () => {
    const onSource: Matcher = { on: "source", text: "startup", test: (value) => value === "startup" }
    const sets = [
      set([
        hook(noop, { name: hookName("matcher"), events: ["session_start"], matcher: onSource }),
        hook(noop, {
          name: hookName("condition"),
          events: ["session_start"],
          condition: { text: "model is m", test: ({ model }) => model === "m" }
        })
      ])
    ]
    assert.deepStrictEqual(names(planner(sets)("session_start", { source: "startup" })), ["matcher"])
    assert.deepStrictEqual(names(planner(sets)("session_start", { source: "resume", model: "m" })), ["condition"])
  })

  it("a matcher that is for other events does not narrow this one", () => {
    const sets = [
      set([hook(noop, { events: ["session_start"], matcher: { ...exact("bash"), only: ["pre_tool_use"] } })])
    ]
    assert.lengthOf(names(planner(sets)("session_start", {})), 1)
  })

  it("runs the first of two equal actions where the policy says so", () => {
    const shell = { kind: "shell", run: "x" } as never
    const hooks = [hook(shell), hook(shell), hook(noop), hook(noop)]
    assert.lengthOf(names(planner([set(hooks, { dedupe: "action" })])("pre_tool_use", {})), 3)
    assert.lengthOf(names(planner([set(hooks)])("pre_tool_use", {})), 4)
  })

  it("reads a set that is configured by environment anew for each fire", () => {
    const on = set([hook(noop)])
    const off = set([])
    const live = set([], {}, { at: ({ env }) => (env?.HOOK === "1" ? on : off) })
    assert.lengthOf(planner([live])("pre_tool_use", { env: { HOOK: "1" } }), 1)
    assert.lengthOf(planner([live])("pre_tool_use", { env: {} }), 0)
  })

  it("takes the policy that a set has for the event", () => {
    const own = { order: "parallel", halting: "never", dedupe: "none", rewrite: "firstWins" } as const
    const sets = [set([hook(noop, { events: "*" })], {}, { policies: { post_evaluation: own } })]
    assert.strictEqual(planner(sets)("post_evaluation", {})[0]!.policy, own)
    assert.strictEqual(planner(sets)("stop", {})[0]!.policy.order, "sequential")
  })
})

describe("a pattern that gives up", () => {
  const gaveUp: Matcher = { on: "tool.name", text: "/hard/", test: () => undefined }
  const sets = [
    set([
      hook(noop, { name: hookName("matcher"), matcher: gaveUp }),
      hook(noop, { name: hookName("condition"), condition: { text: "x is /hard/", test: () => undefined } }),
      hook(noop, { name: hookName("neither"), matcher: gaveUp, condition: { text: "never", test: () => false } })
    ])
  ]
  const context = { tool: { name: "bash" } }

  it("lets its hook run, with a notice, unless something else excludes it", () => {
    const [plan] = planner(sets)("pre_tool_use", context)
    assert.deepStrictEqual(names([plan!]), ["matcher", "condition"])
    assert.deepStrictEqual(plan!.notices, [
      { hook: "matcher", level: "warn", text: "its matcher /hard/ gave up on tool.name, so the hook runs" },
      { hook: "condition", level: "warn", text: "its condition gave up: x is /hard/, so the hook runs" }
    ])
  })

  it("is what explain says", () => {
    const [explained] = explain(sets, gate, context).sets
    assert.deepStrictEqual(
      explained!.hooks.map(({ runs, why }) => [runs, why]),
      [
        [true, "its matcher /hard/ gave up on tool.name"],
        [true, "its condition gave up: x is /hard/"],
        [false, "its condition does not hold: never"]
      ]
    )
  })
})

describe("patterns that take long", () => {
  const slow = (text: string): Matcher => ({
    on: "tool.name",
    text,
    test: () => {
      const until = performance.now() + 6
      while (performance.now() < until);
      return true
    }
  })
  const sets = [set(Array.from({ length: 20 }, (_, at) => hook(noop, { name: hookName(`${at}`), matcher: slow("x") })))]
  const plan = () => Plan.planner(sets)("pre_tool_use", { tool: { name: "x".repeat(1000) } })

  it("are matched in turns, between which others use the thread", async () => {
    const planning = plan()
    assert.isUndefined(finishNow(planning))
    let turns = 0
    const others = setInterval(() => turns++)
    const plans = await Effect.runPromise(finish(planning))
    clearInterval(others)
    assert.lengthOf(names(plans), 20)
    assert.isAtLeast(turns, 10)
  })

  it("are left out once the signal aborts", async () => {
    const plans = await Effect.runPromise(finish(plan(), AbortSignal.abort()))
    assert.lengthOf(names(plans), 1)
  })

  it("and none is matched on a name that is too long for a tool's, before the hook's turn", () => {
    const asked: Array<string> = []
    const asks: Matcher = { on: "tool.name", text: "asks", test: (value) => asked.push(value!.slice(0, 1)) > 0 }
    const planning = Plan.planner([set([hook(noop, { matcher: asks }), hook(noop, { matcher: asks })])])
    const steps = planning("pre_tool_use", { tool: { name: "x".repeat(257) } })
    steps.next(false)
    assert.lengthOf(asked, 1)
  })
})

describe("explain", () => {
  it("gives every hook with the reason why it runs, or why not", () => {
    const configured: ReadonlyArray<Hook> = [
      hook(noop, { name: hookName("runs"), matcher: exact("bash") }),
      hook(noop, { name: hookName("other tool"), matcher: exact("edit") }),
      hook(noop, { name: hookName("other event"), events: ["stop"], nativeEvent: "stop" }),
      hook(noop, { name: hookName("off"), enabled: false }),
      hook(noop, { name: hookName("never"), events: [], nativeEvent: "nonsense" }),
      hook(noop, { name: hookName("last"), source: { file: "a.yaml", line: 7 } })
    ]
    const explanation = explain([set(configured)], gate, { tool: { name: "bash" } })
    const said = Object.fromEntries(explanation.sets[0]!.hooks.map((one) => [one.hook, [one.runs, one.order, one.why]]))
    assert.deepStrictEqual(said, {
      runs: [true, 1, 'its matcher bash matches tool.name "bash"'],
      "other tool": [false, null, 'its matcher edit does not match tool.name "bash"'],
      "other event": [false, null, "it is for stop"],
      off: [false, null, "it is disabled"],
      never: [false, null, 'its event "nonsense" never happens here'],
      last: [true, 2, "it is for pre_tool_use"]
    })
    assert.deepStrictEqual(explanation.sets[0]!.hooks[5]!.source, { file: "a.yaml", line: 7 })
  })

  it("names the tool that differs only in case from what a hook is for", () => {
    const configured = [exact("Bash"), exact("edit"), { ...exact("bash"), literals: undefined }].map((matcher, index) =>
      hook(noop, { name: hookName(String(index)), matcher: matcher as Hook["matcher"] & {} })
    )
    const nearTo = (name: string) =>
      explain([set(configured)], gate, { tool: { name } }).sets[0]!.hooks.map(({ nearTool }) => nearTool)
    assert.deepStrictEqual(nearTo("bash"), ["Bash", null, null])
    assert.deepStrictEqual(nearTo("BASH"), ["Bash", null, "bash"])
    assert.deepStrictEqual(nearTo("Edit"), [null, "edit", null])
    const [first] = explain([set(configured)], gate, { tool: { name: "bash" } }).sets[0]!.hooks
    assert.strictEqual(
      first!.why,
      `its matcher Bash does not match tool.name "bash", but "Bash": the case of a tool's name counts`
    )
  })

  it("says which hooks of an untrusted set would run, and that they will not", () => {
    const foreign = set([hook(noop)], {}, { trust: { _tag: "untrusted", why: "changed" } })
    assert.deepInclude(explain([foreign], gate, {}).sets[0]!.hooks[0], {
      runs: false,
      why: "not trusted: changed"
    })
  })
})
