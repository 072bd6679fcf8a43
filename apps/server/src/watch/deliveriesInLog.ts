/** One log entry for each try of a delivery that this process makes. */
import { Outbox } from "@tenterhook/webhook/outbox"
import { Effect, Layer } from "effect"
import type { TryEntry } from "./LogEntry.ts"

export const deliveriesInLog = (log: (entry: TryEntry) => void): Layer.Layer<never, never, Outbox> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const listen = () =>
        outbox.listen(({ deliveryId, endpointId, type, status, attempt, retryAt }) => {
          if (attempt === null) return
          const failed = attempt.status === null || attempt.status < 200 || attempt.status > 299
          log({
            kind: "delivery",
            level: failed ? "warn" : "info",
            deliveryId,
            endpointId,
            type,
            attempt: attempt.number,
            status: attempt.status,
            error: attempt.error,
            durationMs: attempt.durationMs,
            outcome: status,
            nextAt: retryAt
          })
        })
      yield* Effect.acquireRelease(Effect.sync(listen), (stop) => Effect.sync(stop))
    })
  )
