/** An adapter of somebody else, plain or written with Effect, as the engine uses it. */
import {
  type Adapter,
  AdapterError,
  type AnyAdapter,
  emptyReply,
  failureReasons,
  type Reply,
  type Running,
  ToolFailed
} from "@tenterhook/core"
import { show } from "@tenterhook/dialects"
import { Effect, Schema } from "effect"
import { type EngineAdapter, fromPlain, type PlainAdapter } from "../PlainAdapter.ts"
import { checkFunctions, checkKeys, expected, isObject, isText, type Origin, refuse } from "./Shape.ts"
import { wordsOf } from "./thrown.ts"

/** Throws `PluginError` where it is not one. */
export const adapterOf = (
  value: PlainAdapter | EngineAdapter,
  origin: Origin = { module: null, name: "adapter" }
): AnyAdapter => {
  const given: unknown = value
  if (!isObject(given)) return expected(origin, "", "an adapter: an object with kind and run", given)
  if (made.has(given)) return given as unknown as AnyAdapter
  if (!isText(given["kind"])) expected(origin, "kind", "a text: what a config names it by", given["kind"])
  const adapter = "start" in given ? engineAdapter(given, origin) : plainAdapter(given, origin)
  made.add(adapter)
  return adapter
}

const made = new WeakSet<object>()

const plainAdapter = (given: Readonly<Record<string, unknown>>, origin: Origin): AnyAdapter => {
  if (given["run"] === undefined)
    refuse(origin, "run", "expected a function, got nothing; an adapter that is written with Effect has start")
  checkFunctions(origin, given, ["run"], "required")
  checkFunctions(origin, given, ["check"], "optional")
  checkKeys(origin, given, ["kind", "check", "run"])
  return fromPlain(given as unknown as PlainAdapter)
}

const engineAdapter = (given: Readonly<Record<string, unknown>>, origin: Origin): AnyAdapter => {
  checkFunctions(origin, given, ["start"], "required")
  if (!Schema.isSchema(given["action"])) refuse(origin, "action", "expected a schema of effect 4 for its actions")
  return contained(given as unknown as AnyAdapter)
}

/** The adapter, with its faults as failures of the hook: what it throws, and what it returns in place of an Effect. */
const contained = (adapter: AnyAdapter): Adapter<any> => ({
  kind: adapter.kind,
  action: adapter.action,
  start: (invocation) => {
    const failure = (why: string) =>
      new AdapterError({ hook: invocation.hook, reason: new ToolFailed({ name: adapter.kind, why }) })
    const run = <A, R>(what: string, effect: () => Effect.Effect<A, unknown, R>): Effect.Effect<A, AdapterError, R> =>
      Effect.suspend((): Effect.Effect<A, unknown, R> => {
        const returned: unknown = effect()
        return Effect.isEffect(returned)
          ? (returned as Effect.Effect<A, unknown, R>)
          : Effect.fail(failure(`expected ${what} to be an Effect of effect 4, got ${show(returned)}`))
      }).pipe(
        Effect.mapError((error) => (isAdapterError(error) ? error : failure(wordsOf(error)))),
        Effect.catchDefect((defect) => Effect.fail(failure(wordsOf(defect))))
      )
    return Effect.flatMap(
      run("what start returns", () => adapter.start(invocation)),
      (running) => {
        if (!isRunning(running))
          return Effect.fail(failure(`expected start to give { reply, stop }, got ${show(running)}`))
        const reply = Effect.flatMap(
          run("reply", () => running.reply),
          (value) => {
            const wrong = wrongIn(value)
            return wrong === undefined ? Effect.succeed(value) : Effect.fail(failure(wrong))
          }
        )
        const stop: Running["stop"] = (why) =>
          Effect.match(
            run("what stop returns", () => running.stop(why)),
            { onFailure: () => emptyReply, onSuccess: (value) => (wrongIn(value) === undefined ? value : emptyReply) }
          )
        return Effect.succeed({ reply, stop })
      }
    )
  }
})

/** Of this copy of the core or of another. */
const isAdapterError = (error: unknown): error is AdapterError => {
  const { reason } = Object(error) as { readonly reason?: unknown }
  const { _tag: tag } = Object(reason) as { readonly _tag?: unknown }
  return (failureReasons as ReadonlyArray<unknown>).includes(tag)
}

const isRunning = (value: unknown): value is Running =>
  isObject(value) && "reply" in value && typeof value["stop"] === "function"

const wrongIn = (reply: Reply): string | undefined => {
  const given: unknown = reply
  if (!isObject(given)) return `expected a reply, got ${show(given)}`
  const { status, signal, output, diagnostics } = given
  if (status !== null && !Number.isInteger(status))
    return `expected status of its reply to be an exit code or null, got ${show(status)}`
  if (signal !== null && typeof signal !== "string")
    return `expected signal of its reply to be a name or null, got ${show(signal)}`
  if (!(output instanceof Uint8Array)) return `expected output of its reply to be bytes, got ${show(output)}`
  if (!(diagnostics instanceof Uint8Array))
    return `expected diagnostics of its reply to be bytes, got ${show(diagnostics)}`
  return undefined
}
