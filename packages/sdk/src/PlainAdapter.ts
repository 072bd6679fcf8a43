/** An adapter written with promises, for hosts that do not use Effect. */
import { type Adapter, AdapterError, emptyReply, type Reply, ToolFailed } from "@tenterhook/core"
import { Effect, Fiber, Schema } from "effect"

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
        plain.check?.(action)
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    })
  ),
  start: Effect.fnUntraced(function* ({ action, fireId, hook, payload }) {
    const abort = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
    const call: PlainCall = { fireId, hook, payload: payload ?? null, signal: abort.signal }
    const run = Effect.tryPromise({
      try: async () => replyOf(await plain.run(action, call)),
      catch: (error) => {
        const why = error instanceof Error ? error.message : String(error)
        return new AdapterError({ hook, reason: new ToolFailed({ name: plain.kind, why }) })
      }
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

/** How long a stopped action may take to say what it had, in milliseconds. */
const stopGraceMs = 500

const replyOf = (reply: PlainReply | void): Reply => ({
  ...emptyReply,
  status: reply?.exitCode ?? null,
  output: bytesOf(reply?.stdout),
  diagnostics: bytesOf(reply?.stderr),
  ...(reply?.value === undefined ? {} : { value: reply.value })
})

const bytesOf = (text: string | Uint8Array | undefined): Uint8Array =>
  text === undefined ? emptyReply.output : typeof text === "string" ? new TextEncoder().encode(text) : text
