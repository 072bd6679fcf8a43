/** What is old goes: a little at a time, every hour, and in one of the servers that share the database. */
import { Outbox } from "@tenterhook/webhook/outbox"
import { Clock, type Duration, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { DurableExecutions } from "../execution/DurableExecutions.ts"
import { forgetAnswers } from "../http/idempotency.ts"
import { Executions } from "./Executions.ts"
import { Fires } from "./Fires.ts"
import { Uploads } from "./Uploads.ts"

export interface Retention {
  /** Of fires with their outcomes, and of executions that ended. */
  readonly recordDays: number
  /**
   * How long the cluster's rows of an execution stay after its end: long enough for whoever still asks the cluster
   * about it. Default: 60 000.
   */
  readonly settleMs?: number
  /** How often those are looked for. Default: 60 000. */
  readonly settleEveryMs?: number
}

export const retention = ({ recordDays, settleMs = 60_000, settleEveryMs = 60_000 }: Retention) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const fires = yield* Fires
      const executions = yield* Executions
      const durable = yield* DurableExecutions
      const uploads = yield* Uploads
      const outbox = yield* Outbox
      const sql = yield* SqlClient.SqlClient

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
        yield* Effect.provideService(forgetAnswers((yield* Clock.currentTimeMillis) - dayMs), SqlClient.SqlClient, sql)
      })

      const again = <E>(every: Duration.Input, work: Effect.Effect<void, E>): Effect.Effect<never> =>
        work.pipe(
          Effect.catchCause((cause) => Effect.logWarning("What is old could not be removed", cause)),
          Effect.repeat(Schedule.spaced(every)),
          Effect.andThen(Effect.never)
        )
      yield* durable.inOne("settle", again(settleEveryMs, settle))
      yield* durable.inOne("forget", again("1 hour", forget))
      yield* durable.inOne("forget deliveries", outbox.keep())
    })
  )

const dayMs = 86_400_000
const atOnce = 200
