/** Whether requests should come here: the database takes writes, and work goes on. */
import { rowsOf, Whole } from "@tenterhook/sql"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Clock, Context, Deferred, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { whyOf } from "../store/StoreError.ts"
import { nowIn } from "../store/time.ts"

export interface Checked {
  readonly ok: boolean
  /** What was looked at, with what was seen. */
  readonly checks: Readonly<Record<string, string>>
}

export class Health extends Context.Service<
  Health,
  {
    readonly check: Effect.Effect<Checked>
    /** From now on it is not ready: it is about to end. */
    readonly drain: () => void
    readonly draining: () => boolean
    /** Until then. */
    readonly drained: Effect.Effect<void>
    /** How many executions have not ended. */
    readonly unfinished: Effect.Effect<number>
  }
>()("@tenterhook/server/watch/Health") {
  static readonly layer = Layer.effect(
    Health,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const time = nowIn(sql)
      const leaving = yield* Deferred.make<void>()
      const draining = () => Deferred.isDoneUnsafe(leaving)

      const database = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        yield* sql`INSERT INTO heartbeat (one, at) VALUES (1, ${now}) ON CONFLICT (one) DO UPDATE SET at = excluded.at`
        return { ok: true, text: `wrote in ${(yield* Clock.currentTimeMillis) - now} ms` }
      })

      // What is due for long may wait for a slow receiver's turn; where nothing at all is tried, nobody works.
      let triedAt = yield* Clock.currentTimeMillis
      const clock = yield* Clock.Clock
      yield* Effect.acquireRelease(
        Effect.sync(() => outbox.listen(() => void (triedAt = clock.currentTimeMillisUnsafe()))),
        (silence) => Effect.sync(silence)
      )
      const deliveries = Effect.map(outbox.stats, ({ oldestDueMs, pending }) => ({
        ok: Math.min(oldestDueMs, clock.currentTimeMillisUnsafe() - triedAt) < stalledMs,
        text: `${pending} pending, the oldest due for ${oldestDueMs} ms`
      }))

      const late = Effect.gen(function* () {
        const now = yield* time
        const [row] = yield* countRows(
          sql`SELECT count(*) AS n FROM execution WHERE status IN ('starting', 'ending') AND touched_at < ${now} - ${stalledMs}`
        )
        return { ok: row!.n === 0, text: `${row!.n} whose hooks are late` }
      })

      const check = Effect.gen(function* () {
        const checks: Record<string, string> = {}
        let ok = !draining()
        let answers = true
        if (draining()) checks["server"] = "is about to end"
        const looks: Record<string, Effect.Effect<{ ok: boolean; text: string }, Error>> = {
          database,
          deliveries,
          executions: late
        }
        for (const [name, looking] of Object.entries(looks)) {
          // The others are asked of the database as well.
          if (!answers) break
          const found = yield* looking.pipe(
            Effect.timeoutOrElse({
              duration: checkMs,
              orElse: () => Effect.fail(new Error(`nothing within ${checkMs / 1000} s`))
            }),
            Effect.catch((error) => Effect.succeed({ ok: false, text: `does not answer: ${whyOf(error)}` }))
          )
          if (name === "database") answers = found.ok
          ok &&= found.ok
          checks[name] = found.text
        }
        return { ok, checks }
      })

      const unfinished = countRows(sql`SELECT count(*) AS n FROM execution WHERE status <> 'ended'`).pipe(
        Effect.map(([row]) => row!.n),
        Effect.orDie
      )

      return Health.of({
        check,
        drain: () => void Deferred.doneUnsafe(leaving, Effect.void),
        draining,
        drained: Deferred.await(leaving),
        unfinished
      })
    })
  )
}

/** What is due for longer shows that nobody works. End hooks of a minute each may follow one another. */
const stalledMs = 600_000
const checkMs = 2000
const countRows = rowsOf(Schema.Struct({ n: Whole }))
