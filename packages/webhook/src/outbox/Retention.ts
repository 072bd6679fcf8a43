/**
 * What is forgotten, and when. First the payload of an announcement goes, which is what may be secret or large: its
 * deliveries stay visible with their tries, and can no longer be replayed. Later they go as well, and the announcement
 * with them. What is pending or held is never touched.
 */
import { repeatedly, rowsOf, type Transaction } from "@tenterhook/sql"
import { Clock, Effect, Schema } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { Endpoints } from "./Endpoints.ts"
import { idsBefore } from "./Id.ts"
import { type OutboxError, stored } from "./OutboxError.ts"

/** Times are epoch milliseconds. What is absent is kept. */
export interface Forgetting {
  /** Payloads of announcements that are older, if all their deliveries ended before it. */
  readonly payloadsBefore?: number
  /**
   * Deliveries that ended before it, with their tries; and older announcements that no delivery refers to, with their
   * keys: the same key counts as new from then on.
   */
  readonly deliveriesBefore?: number
}

export interface Forgotten {
  readonly payloads: number
  readonly deliveries: number
  readonly announcements: number
}

/** How long things are kept, in days. */
export interface Keeping {
  /** Default: 30. */
  readonly payloadDays?: number
  /** Default: 90. */
  readonly deliveryDays?: number
}

export interface Retention {
  /** In small transactions, so that nobody waits long. */
  readonly forget: (what: Forgetting) => Effect.Effect<Forgotten, OutboxError>
  /** Forgets now and then each day. A database that fails is logged, and asked again the next day. */
  readonly keep: (keeping?: Keeping) => Effect.Effect<never>
}

export const makeRetention = (
  sql: SqlClient.SqlClient,
  transaction: Transaction,
  endpoints: Pick<Endpoints, "heldAlone">
): Retention => {
  const payloads = Effect.fnUntraced(function* (before: number) {
    const now = yield* Clock.currentTimeMillis
    return yield* walk(
      "evt",
      before,
      sql`forgotten_at IS NULL AND NOT EXISTS (SELECT 1 FROM outbox_delivery d
        WHERE d.announcement_id = outbox_announcement.id AND (d.ended_at IS NULL OR d.ended_at >= ${before}))`,
      (which) => sql`UPDATE outbox_announcement SET data = 'null', forgotten_at = ${now} WHERE ${which}`
    )
  })

  const deliveries = (before: number) =>
    walk("msg", before, sql`ended_at < ${before} AND status IN ('delivered', 'failed')`, (which) =>
      Effect.andThen(
        sql`DELETE FROM outbox_attempt WHERE delivery_id IN (SELECT id FROM outbox_delivery WHERE ${which})`,
        sql`DELETE FROM outbox_delivery WHERE ${which}`
      )
    )

  const announcements = (before: number) =>
    walk(
      "evt",
      before,
      sql`NOT EXISTS (SELECT 1 FROM outbox_delivery d WHERE d.announcement_id = outbox_announcement.id)`,
      // Nobody replays meanwhile, so no delivery comes to what goes.
      (which) => Effect.andThen(endpoints.heldAlone, sql`DELETE FROM outbox_announcement WHERE ${which}`)
    )

  /** Those older than a time, by their ids, which sort by time: so each step looks at so many and no more. */
  const walk = (
    prefix: keyof typeof tables,
    before: number,
    fits: Statement.Fragment,
    change: (which: Statement.Fragment) => Effect.Effect<unknown, SqlError.SqlError>
  ) =>
    Effect.suspend(() => {
      const table = sql(tables[prefix])
      let last = ""
      let count = 0
      const step = Effect.gen(function* () {
        const rows = yield* idRows(sql`SELECT id FROM ${table}
          WHERE id > ${last} AND id < ${idsBefore(prefix, before)} ORDER BY id LIMIT ${stepSize}`)
        if (rows.length === 0) return false
        last = rows.at(-1)!.id
        const found = yield* idRows(sql`SELECT id FROM ${table} WHERE ${sql.in("id", idsOf(rows))} AND ${fits}`)
        if (found.length > 0) yield* transaction(change(sql`${sql.in("id", idsOf(found))} AND ${fits}`))
        count += found.length
        return rows.length === stepSize
      })
      return Effect.map(repeatedly(step), () => count)
    })

  const forget = Effect.fn("Outbox.forget")(function* ({ payloadsBefore, deliveriesBefore }: Forgetting) {
    return {
      payloads: payloadsBefore === undefined ? 0 : yield* payloads(payloadsBefore),
      deliveries: deliveriesBefore === undefined ? 0 : yield* deliveries(deliveriesBefore),
      announcements: deliveriesBefore === undefined ? 0 : yield* announcements(deliveriesBefore)
    }
  }, stored("forget what is old"))

  const keep = ({ payloadDays = 30, deliveryDays = 90 }: Keeping = {}) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      yield* forget({ payloadsBefore: now - payloadDays * dayMs, deliveriesBefore: now - deliveryDays * dayMs })
    }).pipe(
      Effect.catchCause((cause) => Effect.logWarning("outbox: what is old could not be forgotten", cause)),
      Effect.andThen(aDay),
      Effect.forever
    )

  return { forget, keep }
}

/** Keeps no process alive. */
const aDay = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), dayMs).unref()
  return Effect.sync(() => clearTimeout(timer))
})

const idsOf = (rows: ReadonlyArray<{ readonly id: string }>) => rows.map(({ id }) => id)
const dayMs = 86_400_000
const stepSize = 500
const idRows = rowsOf(Schema.Struct({ id: Schema.String }))

const tables = { evt: "outbox_announcement", msg: "outbox_delivery" } as const
