/** What the rules of adapters do again and again: arrange, begin, wait, look, compare. */
import {
  type Action,
  AdapterError,
  Adapters,
  FireId,
  hookName,
  type Invocation,
  type Reply,
  textOf
} from "@tenterhook/core"
import { Effect } from "effect"
import { Late, Unchecked, Violation } from "../Rule.ts"
import { Bench, type Behaviour } from "./Bench.ts"

/** The adapter under test. */
export const subject = Effect.gen(function* () {
  const bench = yield* Bench
  const adapters = yield* Adapters
  return yield* adapters
    .get(bench.kind)
    .pipe(
      Effect.mapError(
        (error) => new Unchecked({ why: `the layer registers no adapter for the bench's kind: ${error.message}` })
      )
    )
})

export const arranged = Effect.fnUntraced(function* (behaviour: Behaviour, payload?: string) {
  const bench = yield* Bench
  const action = yield* onBench(`arrange ${behaviour._tag}`, bench.arrange(behaviour))
  const invocation: Invocation<Action> = {
    action,
    fireId: FireId.make("fire-of-the-contract"),
    hook: hookName("contract[0]"),
    ...(payload === undefined ? {} : { payload: Buffer.from(payload), value: payload })
  }
  return invocation
})

export const begin = Effect.fnUntraced(function* (behaviour: Behaviour, payload?: string) {
  const invocation = yield* arranged(behaviour, payload)
  return yield* (yield* subject).start(invocation)
})

export const spoken = Effect.flatMap(Bench, (bench) =>
  Effect.timeoutOrElse(onBench("spoken", bench.spoken), {
    duration: speakLimitMs,
    orElse: () => Effect.fail(new Unchecked({ why: `the action did not speak within ${speakLimitMs / 1000} s` }))
  })
)

/** What goes wrong on the bench is no fault of the adapter. */
const onBench = <A>(what: string, effect: Effect.Effect<A, unknown>) =>
  effect.pipe(
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.mapError(
      (error) => new Unchecked({ why: `${what}: ${error instanceof Error ? error.message : String(error)}` })
    )
  )

export const saidIn = (reply: Reply) =>
  Effect.map(Bench, ({ capabilities }) =>
    capabilities.speaks === "output"
      ? textOf(reply.output)
      : reply.value === undefined || reply.value === null
        ? ""
        : String(reply.value)
  )

/** A process that was just killed is still there for a moment. */
export const leftRunning = Effect.gen(function* () {
  const bench = yield* Bench
  const until = performance.now() + settleMs
  for (;;) {
    const alive = yield* bench.alive
    if (alive === 0) return "nothing running"
    if (performance.now() > until) return `${alive} running`
    yield* Effect.sleep(20)
  }
})

export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const from = performance.now()
    return Effect.map(effect, () => performance.now() - from)
  })

export const expectSoon = (tookMs: number, what: string) => {
  if (tookMs <= soonMs) return Effect.void
  const violation = new Violation({
    expected: `${what} within ${soonMs} ms`,
    actual: `${what} after ${Math.round(tookMs)} ms`,
    hint: "bound every wait: a grace of 500 ms, a drain of 100 ms"
  })
  return Effect.fail(new Late({ violation }))
}

export const expectText = (expected: string, actual: string, hint: string) =>
  expected === actual ? Effect.void : Effect.fail(new Violation({ expected, actual, hint }))

export const failureText = (
  cause: { readonly reasons: ReadonlyArray<{ readonly _tag: string; readonly error?: unknown }> },
  hook: string
) => {
  const [reason] = cause.reasons
  if (reason?._tag !== "Fail") return `a defect: ${String(cause)}`
  return reason.error instanceof AdapterError
    ? `${reason.error.reason._tag}, from ${reason.error.hook === hook ? hook : `"${reason.error.hook}"`}`
    : `a failure that is no AdapterError: ${String(reason.error)}`
}

export const same = (a: Reply, b: Reply) =>
  a.status === b.status &&
  a.signal === b.signal &&
  textOf(a.output) === textOf(b.output) &&
  textOf(a.diagnostics) === textOf(b.diagnostics) &&
  a.value === b.value

export const brief = (text: string) =>
  text.length <= 20 ? text : `${text.slice(0, 20)}… (${text.length} characters, ${new Set(text).size} different)`

const soonMs = 1500

const settleMs = 2000

const speakLimitMs = 10_000
