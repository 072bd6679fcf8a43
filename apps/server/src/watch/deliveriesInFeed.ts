/** What the outbox does, told to those who watch. */
import { Outbox } from "@tenterhook/webhook/outbox"
import { Effect, Layer } from "effect"
import { Feed } from "./Feed.ts"

export const deliveriesInFeed: Layer.Layer<never, never, Outbox | Feed> = Layer.effectDiscard(
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const feed = yield* Feed
    const listen = () =>
      outbox.listen(({ deliveryId, endpointId, type, status, attempt }) => {
        // The receiver's headers and body stay in the record: they may be long, and may hold secrets.
        const tried =
          attempt === null
            ? null
            : {
                number: attempt.number,
                status: attempt.status,
                error: attempt.error,
                durationMs: attempt.durationMs
              }
        const data = { id: deliveryId, endpointId, type, status, attempt: tried }
        feed.publish({ type: "delivery", agentId: null, executionId: null, data })
      })
    yield* Effect.acquireRelease(Effect.sync(listen), (stop) => Effect.sync(stop))
  })
)
