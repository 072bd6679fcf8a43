/** The adapter for functions of the host's own process: plain, async, or an Effect. */
import { Cause, Effect, Exit, Fiber, Layer } from "effect"
import type { Adapter } from "./Adapter.ts"
import { FunctionAction } from "./Action.ts"
import { AdapterError, ToolFailed } from "./AdapterError.ts"
import { Adapters } from "./Adapters.ts"
import { emptyReply, type Reply } from "./Reply.ts"

/**
 * A function that throws or rejects fails with `tool`. Stopping aborts the signal it was given and does not wait:
 * plain JavaScript cannot be ended from outside.
 */
export const functionAdapter: Adapter<FunctionAction> = {
  kind: "function",
  action: FunctionAction,
  start: Effect.fnUntraced(function* (invocation) {
    const abort = new AbortController()
    const { hook, action } = invocation
    const call = Effect.suspend(() => {
      const returned = action.run(invocation.value, { signal: abort.signal })
      if (Effect.isEffect(returned)) return returned as Effect.Effect<unknown, unknown>
      return Effect.promise(async () => await returned)
    })
    const fiber = yield* Effect.forkScoped(Effect.exit(call))
    yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))

    const reply = Effect.flatMap(Fiber.join(fiber), (exit): Effect.Effect<Reply, AdapterError> => {
      if (Exit.isSuccess(exit)) return Effect.succeed(replyWith(exit.value))
      const why = messageOf(Cause.squash(exit.cause))
      return Effect.fail(
        new AdapterError({ hook, reason: new ToolFailed({ name: action.run.name || "the function", why }) })
      )
    })
    const stop = () =>
      Effect.sync(() => {
        abort.abort()
        const over = fiber.pollUnsafe()
        if (over !== undefined && Exit.isSuccess(over) && Exit.isSuccess(over.value)) return replyWith(over.value.value)
        fiber.interruptUnsafe()
        return emptyReply
      })
    return { reply, stop }
  })
}

export const layer = Layer.effectDiscard(Adapters.use((adapters) => adapters.register(functionAdapter)))

const replyWith = (value: unknown): Reply => ({ ...emptyReply, value: value ?? undefined })

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
