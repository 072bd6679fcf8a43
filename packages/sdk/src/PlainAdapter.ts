/** An adapter written with promises, for hosts that do not use Effect. */
import { type Adapter, AdapterError, emptyReply, type Reply, ToolFailed } from "@tenterhook/core"
import { nearest, show } from "@tenterhook/dialects"
import { Effect, Fiber, Schema } from "effect"
import { wordsOf } from "./plugins/thrown.ts"

export interface PlainAdapter {
  /** The word that a config names it by: `action: { kind: … }`. */
  readonly kind: string
  /** Throws, with a sentence for the config's owner, where the action is not as it should be. Absent: anything is. */
  readonly check?: (action: Record<string, unknown>) => void
  /**
   * Executes one action once. `signal` aborts at the deadline and on cancellation: end then whatever was started.
   * A rejection is the hook's failure.
   */
  readonly run: (action: Record<string, unknown>, call: PlainCall) => Promise<PlainReply | void>
}

/** An adapter as its package exports it: `Adapter` of @tenterhook/core, which is written with Effect. */
export interface EngineAdapter {
  readonly kind: string
  readonly action: unknown
  readonly start: (invocation: any) => unknown
}

export interface PlainCall {
  readonly fireId: string
  readonly hook: string
  /** What the dialect sends along; null for nothing. */
  readonly payload: Uint8Array | null
  readonly signal: AbortSignal
}

export interface PlainReply {
  readonly exitCode?: number
  readonly stdout?: string | Uint8Array
  readonly stderr?: string | Uint8Array
  readonly value?: unknown
}

export const fromPlain = (plain: PlainAdapter): Adapter<Record<string, unknown>> => ({
  kind: plain.kind,
  action: Schema.Record(Schema.String, Schema.Unknown).check(
    Schema.makeFilter((action) => {
      try {
        return refusalOf(plain.check?.(action))
      } catch (error) {
        return wordsOf(error)
      }
    })
  ),
  start: Effect.fnUntraced(function* ({ action, fireId, hook, payload }) {
    const abort = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
    const call: PlainCall = { fireId, hook, payload: payload ?? null, signal: abort.signal }
    const run = Effect.tryPromise({
      try: async () => replyOf(await plain.run(action, call)),
      catch: (error) => new AdapterError({ hook, reason: new ToolFailed({ name: plain.kind, why: wordsOf(error) }) })
    })
    const fiber = yield* Effect.forkScoped(Effect.exit(run))
    const reply = Effect.flatten(Fiber.join(fiber))
    const stop = () =>
      Effect.suspend(() => {
        abort.abort()
        return Effect.catch(reply, () => Effect.succeed(emptyReply)).pipe(
          Effect.timeoutOrElse({ duration: stopGraceMs, orElse: () => Effect.succeed(emptyReply) })
        )
      })
    return { reply, stop }
  })
})

/** A check that answers in another way than by throwing is not overlooked. */
const refusalOf = (returned: unknown): string | undefined => {
  if (returned === undefined || returned === true) return undefined
  if (returned === false) return `the check of the adapter refuses it`
  if (!(returned instanceof Promise))
    return `expected check of the adapter to return nothing or throw, got ${show(returned)}`
  returned.catch(() => {})
  return `expected check of the adapter to return at once, got a promise`
}

/** How long a stopped action may take to say what it had, in milliseconds. */
const stopGraceMs = 500

const replyOf = (returned: unknown): Reply => {
  if (returned === undefined || returned === null) return emptyReply
  if (typeof returned !== "object" || Array.isArray(returned))
    throw new Error(`${expectedReply}, got ${show(returned)}`)
  const { exitCode = null, stdout, stderr, value, ...rest } = returned as PlainReply
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    const near = nearest(unknown, replyKeys)
    throw new Error(
      `${expectedReply}, got the key "${unknown}"${near === undefined ? "" : `; did you mean "${near}"?`}`
    )
  }
  if (exitCode !== null && !Number.isInteger(exitCode))
    throw new Error(`expected exitCode of its reply to be a whole number, got ${show(exitCode)}`)
  return {
    ...emptyReply,
    status: exitCode,
    output: bytesOf("stdout", stdout),
    diagnostics: bytesOf("stderr", stderr),
    ...(value === undefined ? {} : { value })
  }
}

const replyKeys = ["exitCode", "stdout", "stderr", "value"]
const expectedReply = "expected run to return nothing or { exitCode, stdout, stderr, value }"

const bytesOf = (key: string, text: unknown): Uint8Array => {
  if (text === undefined || text === null) return emptyReply.output
  if (typeof text === "string") return new TextEncoder().encode(text)
  if (text instanceof Uint8Array) return text
  throw new Error(`expected ${key} of its reply to be a text or bytes, got ${show(text)}`)
}
