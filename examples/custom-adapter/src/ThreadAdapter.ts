/** An adapter that runs a hook as a JavaScript module in a thread of the host's process. Written as an outsider would. */
import { type Adapter, AdapterError, Adapters, emptyReply, Missing, type Reply, ToolFailed } from "@tenterhook/core"
import { Deferred, Effect, Layer, Schema } from "effect"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Worker } from "node:worker_threads"

/** `module` gets the payload's bytes as `workerData`; what it posts last is its value. Relative to the working folder. */
export const ThreadAction = Schema.Struct({ kind: Schema.Literal("thread"), module: Schema.NonEmptyString })
export type ThreadAction = typeof ThreadAction.Type

export const adapter: Adapter<ThreadAction> = {
  kind: "thread",
  action: ThreadAction,
  start: Effect.fnUntraced(function* ({ action, hook, payload }) {
    const file = resolve(action.module)
    if (!existsSync(file)) {
      return yield* new AdapterError({ hook, reason: new Missing({ name: "the module", place: file }) })
    }
    const over = yield* Deferred.make<Reply, AdapterError>()
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(file, { workerData: payload })),
      (thread) => Effect.promise(() => thread.terminate())
    )
    living.add(thread)

    let reply = emptyReply
    thread.on("message", (value) => (reply = { ...reply, value }))
    thread.on("error", (error) => {
      const why = error instanceof Error ? error.message : String(error)
      const reason = new ToolFailed({ name: action.module, why })
      Deferred.doneUnsafe(over, Effect.fail(new AdapterError({ hook, reason, reply })))
    })
    thread.on("exit", (status) => {
      living.delete(thread)
      Deferred.doneUnsafe(over, Effect.succeed({ ...reply, status }))
    })

    const stop = Effect.flatMap(
      Effect.promise(() => thread.terminate()),
      () => Effect.match(Deferred.await(over), { onFailure: () => reply, onSuccess: (ended) => ended })
    )
    return { reply: Deferred.await(over), stop: () => stop }
  })
}

export const layer = Layer.effectDiscard(Adapters.use((adapters) => adapters.register(adapter)))

/** The threads that run now. */
export const living: Set<Worker> = new Set()
