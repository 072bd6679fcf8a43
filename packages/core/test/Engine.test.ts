import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  CurrentContext,
  CurrentEvent,
  Engine,
  hookName,
  Journal,
  type JournalEntry,
  Outcomes,
  UnknownEvent
} from "../src/index.ts"
import { engineFor, hook, set } from "./fixtures/tiny.ts"

const bash = { sessionId: "s1", tool: { name: "bash" } }
const fire = (name = "pre_tool_use", context = {}) => Engine.use((engine) => engine.fire(name, { ...bash, ...context }))

describe("Engine", () => {
  it.effect("runs the hooks in definition order and keeps every outcome", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const note = (name: string) => hook(() => void order.push(name), { name: hookName(name) })
      const report = yield* fire().pipe(Effect.provide(engineFor(set([note("a"), note("b")]), set([note("c")]))))
      assert.deepStrictEqual(order, ["a", "b", "c"])
      assert.deepStrictEqual(
        report.outcomes.map((outcome) => outcome.hook),
        ["a", "b", "c"]
      )
      assert.isTrue(report.proceed)
    })
  )

  it.effect("halts the rest of a set after a decisive outcome, and says so", () =>
    Effect.gen(function* () {
      const guard = hook(() => ({ verdict: "deny", reason: "no" }))
      const report = yield* fire().pipe(
        Effect.provide(
          engineFor(set([guard, hook(() => assert.fail("ran"))], { halting: "decisive" }), set([hook(() => ({}))]))
        )
      )
      assert.deepStrictEqual(
        report.outcomes.map(({ status, reason }) => [status, reason]),
        [
          ["succeeded", null],
          ["skipped", "halted"],
          ["succeeded", null]
        ]
      )
      assert.isFalse(report.proceed)
      assert.deepStrictEqual(report.reasons, [{ hook: guard.name, text: "no" }])
    })
  )

  it.effect("halts after a failure where the policy says so, and a closed hook's failure denies", () =>
    Effect.gen(function* () {
      const broken = hook(
        () => {
          throw new Error("disk full")
        },
        { onFailure: "block" }
      )
      const report = yield* fire().pipe(
        Effect.provide(engineFor(set([broken, hook(() => assert.fail("ran"))], { halting: "failure" })))
      )
      assert.deepInclude(report.outcomes[0], { status: "failed", reason: "tool", verdict: "deny" })
      assert.deepInclude(report.outcomes[1], { status: "skipped", reason: "halted" })
      assert.strictEqual(report.verdict, "deny")
      assert.match(report.reasons[0]!.text, /disk full/)
    })
  )

  it.effect("ends a late hook at its deadline and keeps what it had said", () =>
    Effect.gen(function* () {
      const stopped: Array<string> = []
      const action = { kind: "scripted", does: "hang", says: "half", stopped: (why: string) => stopped.push(why) }
      const slow = hook(action as never, { timeoutMs: 5_000 })
      const running = yield* Effect.forkChild(fire().pipe(Effect.provide(engineFor(set([slow])))))
      yield* TestClock.adjust("5 seconds")
      const report = yield* Fiber.join(running)
      assert.deepInclude(report.outcomes[0], { status: "failed", reason: "timeout", timedOut: true, stdout: "half" })
      assert.deepStrictEqual(stopped, ["timeout", "scope"])
      assert.isTrue(report.proceed)
    })
  )

  it.effect("never starts a hook whose deadline is 0 or less", () =>
    Effect.gen(function* () {
      const report = yield* fire().pipe(
        Effect.provide(engineFor(set([hook(() => assert.fail("ran"), { timeoutMs: 0 })])))
      )
      assert.deepInclude(report.outcomes[0], { status: "failed", reason: "timeout", timedOut: true })
    })
  )

  it.effect("a cancelled fire stops what runs and reports it", () =>
    Effect.gen(function* () {
      const abort = new AbortController()
      const stopped: Array<string> = []
      const hang = hook({ kind: "scripted", does: "hang", stopped: (why: string) => stopped.push(why) } as never)
      const report = yield* Effect.gen(function* () {
        const engine = yield* Engine
        const running = yield* Effect.forkChild(engine.fire("pre_tool_use", bash, { signal: abort.signal }))
        yield* Effect.yieldNow
        abort.abort()
        return yield* Fiber.join(running)
      }).pipe(Effect.provide(engineFor(set([hang, hook(() => assert.fail("ran"))]))))
      assert.deepStrictEqual(
        report.outcomes.map(({ reason }) => reason),
        ["cancelled", "cancelled"]
      )
      assert.isFalse(report.outcomes[0]!.timedOut)
      assert.deepInclude(report, { proceed: false, halt: { hook: "host", reason: "the fire was cancelled" } })
    })
  )

  it.effect("an interrupted fire closes the scope of what runs", () =>
    Effect.gen(function* () {
      const stopped: Array<string> = []
      const hang = hook({ kind: "scripted", does: "hang", stopped: (why: string) => stopped.push(why) } as never)
      yield* Effect.gen(function* () {
        const running = yield* Effect.forkChild(fire())
        yield* Effect.yieldNow
        yield* Fiber.interrupt(running)
      }).pipe(Effect.provide(engineFor(set([hang]))))
      assert.deepStrictEqual(stopped, ["scope"])
    })
  )

  it.effect("keeps definition order where hooks run in parallel", () =>
    Effect.gen(function* () {
      const late = (text: string, millis: number) =>
        hook(() => Effect.delay(Effect.succeed({ context: [text] }), millis))
      const running = yield* Effect.forkChild(
        fire().pipe(Effect.provide(engineFor(set([late("first", 300), late("second", 100)], { order: "parallel" }))))
      )
      yield* TestClock.adjust("300 millis")
      const report = yield* Fiber.join(running)
      assert.deepStrictEqual(
        report.context.map(({ text }) => text),
        ["first", "second"]
      )
    })
  )

  it.effect("what names nothing fails with missing, and says what there is", () =>
    Effect.gen(function* () {
      const nobody = hook({ kind: "nobody" } as never, { onFailure: "block" })
      const report = yield* fire().pipe(
        Effect.provide(engineFor(set([hook({ kind: "scripted", does: "missing" } as never), nobody])))
      )
      assert.deepStrictEqual(
        report.outcomes.map(({ reason }) => reason),
        ["missing", "missing"]
      )
      assert.match(report.outcomes[1]!.message!, /no adapter for "nobody".*function/)
      assert.isFalse(report.proceed)
    })
  )

  it.effect("skips an untrusted set loudly", () =>
    Effect.gen(function* () {
      const foreign = set(
        [hook(() => assert.fail("ran"))],
        {},
        { trust: { _tag: "untrusted", why: "nobody approved it" } }
      )
      const report = yield* fire().pipe(Effect.provide(engineFor(foreign)))
      assert.deepInclude(report.outcomes[0], { status: "skipped", reason: "untrusted" })
      assert.match(report.notices[0]!.text, /nobody approved it/)
    })
  )

  it.effect("an event that no hook is for is answered in plain code", () =>
    Effect.gen(function* () {
      const engine = yield* Engine
      const event = engine.event("stop")
      assert.isFalse(event instanceof UnknownEvent)
      if (event instanceof UnknownEvent) return
      const report = engine.idle(event, {})
      assert.deepInclude(report, { event: "stop", dialect: "tiny", proceed: true, verdict: "abstain", outcomes: [] })
      const gate = engine.event("before_tool")
      if (gate instanceof UnknownEvent) return assert.fail("a dialect's own name is known")
      assert.strictEqual(gate.name, "pre_tool_use")
      assert.isNull(engine.idle(gate, bash))
    }).pipe(Effect.provide(engineFor(set([hook(() => ({}))]))))
  )

  it.effect("refuses an event that nobody knows, and takes a namespaced one", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(fire("pre_tool"))
      assert.strictEqual(error._tag, "UnknownEvent")
      const report = yield* fire("acme:deployed")
      assert.strictEqual(report.event, "acme:deployed")
      assert.lengthOf(report.outcomes, 1)
    }).pipe(Effect.provide(engineFor(set([hook(() => ({}), { events: "*" })]))))
  )

  it.effect("gives function hooks the event, the context and the outcomes so far as services", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const ask = hook(() =>
        Effect.gen(function* () {
          seen.push((yield* CurrentEvent).name, (yield* CurrentContext).sessionId, (yield* Outcomes).soFar().length)
        })
      )
      yield* fire().pipe(Effect.provide(engineFor(set([hook(() => ({})), ask]))))
      assert.deepStrictEqual(seen, ["pre_tool_use", "s1", 1])
    })
  )

  it.effect("caps how often one turn is resumed", () =>
    Effect.gen(function* () {
      const stop = () => fire("stop", { turnId: "t1", alreadyResumed: true })
      for (let i = 0; i < 8; i++) assert.isNotNull((yield* stop()).resume)
      const report = yield* stop()
      assert.isNull(report.resume)
      assert.match(report.losses[0]!.why, /8 times/)
      assert.isNotNull((yield* fire("stop", { turnId: "t2" })).resume)
      assert.isNull((yield* fire("stop", { turnId: "t3", alreadyResumed: 8 })).resume)
    }).pipe(Effect.provide(engineFor(set([hook(() => ({ resume: "tests are red" }), { events: ["stop"] })]))))
  )

  it.effect("the journal tells the whole fire in order", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const heard: Array<JournalEntry["_tag"]> = []
      const collecting = yield* journal.entries.pipe(
        Stream.take(4),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      const stop = journal.listen((entry) => heard.push(entry._tag))
      yield* fire()
      stop()
      yield* fire()
      assert.deepStrictEqual(heard, ["planned", "started", "finished", "verdict"])
      assert.deepStrictEqual(
        (yield* Fiber.join(collecting)).map((entry) => entry._tag),
        heard
      )
    }).pipe(Effect.provide(engineFor(set([hook(() => ({}))]))))
  )
})
