/** What is old goes: a little at a time, every hour. */
import { Clock, type Duration, Effect, Layer, Schedule } from "effect"
import { DurableExecutions } from "../execution/DurableExecutions.ts"
import { forgetAnswers } from "../http/idempotency.ts"
import { Executions } from "./Executions.ts"
import { Fires } from "./Fires.ts"
import { Uploads } from "./Uploads.ts"

export interface Retention {
  /** Of fires with their outcomes, and of executions that ended. */
  readonly recordDays: number
}

export const retention = ({ recordDays }: Retention) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const fires = yield* Fires
      const executions = yield* Executions
      const durable = yield* DurableExecutions
      const uploads = yield* Uploads

      /** The cluster's rows are of no use once an execution has ended, and they are many. */
      const settle = Effect.gen(function* () {
        const before = (yield* executions.now) - settleMs
        while (true) {
          const ids = yield* executions.unsettled(before, atOnce)
          if (ids.length === 0) return
          yield* durable.forget(ids)
          yield* executions.settle(ids)
        }
      })

      const forget = Effect.gen(function* () {
        const before = (yield* Clock.currentTimeMillis) - recordDays * dayMs
        yield* fires.forget(before)
        yield* executions.forget(before)
        yield* uploads.forget(before)
        yield* forgetAnswers((yield* Clock.currentTimeMillis) - dayMs)
      })

      const again = <E, R>(every: Duration.Input, work: Effect.Effect<void, E, R>) =>
        work.pipe(
          Effect.catchCause((cause) => Effect.logWarning("What is old could not be removed", cause)),
          Effect.repeat(Schedule.spaced(every)),
          Effect.forkScoped
        )
      yield* again("1 minute", settle)
      yield* again("1 hour", forget)
    })
  )

const dayMs = 86_400_000
/** Long enough for whoever still asks the cluster about an execution that has just ended. */
const settleMs = 60_000
const atOnce = 200
