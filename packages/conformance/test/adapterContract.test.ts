import { assert, describe, it } from "@effect/vitest"
import { Adapters } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import {
  adapterRules,
  audit,
  type AuditOptions,
  Bench,
  formatRuleResult,
  holds,
  type Rule,
  type RuleResult,
  Violation
} from "../src/index.ts"
import { auditRule, Late } from "../src/contract/Rule.ts"
import { functionLayer } from "./FunctionBench.ts"
import { type Fault, memoryLayer } from "./MemoryAdapter.ts"

const run = (layer: Layer.Layer<Adapters | Bench>, options: AuditOptions = {}) =>
  Effect.runPromise(audit(layer, options))

const brokenIn = (results: ReadonlyArray<RuleResult>) =>
  results.filter((result) => result.status === "broken").map((result) => result.id)

const all = adapterRules.map((rule) => rule.id)

describe.concurrent("a sound adapter keeps every promise", () => {
  it("in memory, with every capability", async () => {
    const results = await run(memoryLayer())
    assert.deepStrictEqual(
      results.map((result) => `${result.id} ${result.status}`),
      all.map((id) => `${id} kept`)
    )
  })

  it("core's functions, which have few", async () => {
    const results = await run(functionLayer)
    assert.deepStrictEqual(
      results.map((result) => `${result.id} ${result.status}`),
      all.map((id) => `${id} kept`)
    )
  })
})

const faults: Record<Fault, ReadonlyArray<string>> = {
  "reply differs each time": ["ADP-1", "ADP-7"],
  "channels are mixed": ["ADP-1"],
  "nonzero is an error": ["ADP-2"],
  "stop leaves the child": ["ADP-3", "ADP-11"],
  "stop forgets what was said": ["ADP-3", "ADP-7"],
  "missing is a reply": ["ADP-4"],
  "missing is found late": ["ADP-4"],
  "missing names nobody": ["ADP-4"],
  "scope does not stop": ["ADP-5", "ADP-6"],
  "wait is shielded": ["ADP-6"],
  "late stop is empty": ["ADP-7"],
  "output is unbounded": ["ADP-8"],
  "cut is not marked": ["ADP-8"],
  "tail is lost": ["ADP-8"],
  "buffers are shared": ["ADP-9"],
  "payload is cut": ["ADP-10"],
  "stop is slow": ["ADP-11"],
  "stop never ends": ["ADP-3", "ADP-7", "ADP-11"],
  "any action goes": ["ADP-12"],
  "failures are retried": ["ADP-13"],
  "unread payload fails": ["ADP-14"],
  "signal is status 0": ["ADP-15"],
  "waits for what is left": ["ADP-16"],
  "what is left is not counted": ["ADP-16"],
  "start is a defect": all.filter((id) => id !== "ADP-12")
}

/** What never ends runs into the limit. */
const limits: Partial<Record<Fault, number>> = { "stop never ends": 3000, "wait is shielded": 3000 }

describe.concurrent("each copy broken on purpose breaks exactly these", () => {
  for (const [fault, ids] of Object.entries(faults) as ReadonlyArray<[Fault, ReadonlyArray<string>]>) {
    it(`${fault}: ${ids.length > 5 ? "nearly all" : ids.join(", ")}`, async () => {
      const limitMs = limits[fault]
      const results = await run(memoryLayer(fault), limitMs === undefined ? {} : { limitMs })
      assert.deepStrictEqual(brokenIn(results), ids)
    })
  }

  it("and every promise is broken by one of them", () => {
    assert.deepStrictEqual([...new Set(Object.values(faults).flat())].sort(), [...all].sort())
  })
})

describe.concurrent("the audit", () => {
  const audited = (check: Effect.Effect<void, Late>, limitMs: number) => {
    const rule: Rule<never> = { id: "X-1", title: "it is soon", check }
    return Effect.runPromise(Effect.map(auditRule(rule, Layer.empty, { limitMs }), ({ status }) => status))
  }

  it("blames nobody for what a busy machine delays once or twice, or while it stands still", async () => {
    const violation = new Violation({ expected: "soon", actual: "late", hint: "be quick" })
    const lateSoOften = (times: number) =>
      Effect.suspend(() => (times-- > 0 ? Effect.fail(new Late({ violation })) : Effect.void))
    assert.strictEqual(await audited(lateSoOften(2), 10_000), "kept")
    assert.strictEqual(await audited(lateSoOften(3), 10_000), "broken")
    const standsStill = Effect.sync(() => {
      const until = performance.now() + 500
      while (performance.now() < until);
    })
    assert.strictEqual(await audited(Effect.andThen(standsStill, Effect.sleep(1)), 400), "kept")
    assert.strictEqual(await audited(Effect.never, 400), "broken")
  })

  it("tells the author what to do", async () => {
    const results = await run(memoryLayer("stop leaves the child"))
    const stop = results.find((result) => result.id === "ADP-3")!
    assert.strictEqual(
      formatRuleResult(stop),
      [
        "broken: ADP-3 stop leaves nothing running and keeps what was said",
        `  expected "half", and nothing running`,
        `  but got "half", and 1 running`,
        "  hint: signal the whole process group, then collect what was said"
      ].join("\n")
    )
  })

  it("accepts a known gap, and refuses it once it is closed", async () => {
    const knownGaps = { "ADP-8": "the window is not written yet", "ADP-2": "closed long ago" }
    const results = await run(memoryLayer("tail is lost"), { knownGaps })
    const status = (id: string) => results.find((result) => result.id === id)!
    assert.strictEqual(status("ADP-8").status, "gap")
    assert.strictEqual(status("ADP-2").status, "gap closed")
    assert.deepStrictEqual(
      results.filter((result) => !holds(result)).map((result) => result.id),
      ["ADP-2"]
    )
  })

  it("refuses a gap that is no rule", async () => {
    const failure = await run(memoryLayer(), { knownGaps: { "ADP-99": "typo" } }).then(
      () => null,
      (error: Error) => error
    )
    assert.include(failure?.message, "ADP-99")
  })

  it("does not blame the adapter for its bench", async () => {
    const lame = Layer.merge(
      Layer.fresh(Adapters.layer),
      Layer.succeed(Bench, {
        ...({} as Bench["Service"]),
        kind: "nothing",
        capabilities: {} as never,
        arrange: () => Effect.die("bench is broken")
      })
    )
    const results = await run(lame)
    const first = results[1]!
    assert.strictEqual(first.status, "unchecked")
    assert.isFalse(holds(first))
  })

  it("does not blame the adapter for a layer that cannot be built", async () => {
    const failing = Layer.effect(Bench, Effect.fail("no database")) as Layer.Layer<Bench, string>
    const results = await Effect.runPromise(audit(Layer.merge(Layer.fresh(Adapters.layer), failing)))
    assert.isTrue(results.every((result) => result.status === "unchecked" && result.why.includes("no database")))
  })
})
