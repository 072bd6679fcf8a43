/** What a worker takes to send now, so that no other one does: a delivery with a lease that runs out by itself. */
import { Flag, rowsOf, Whole } from "@tenterhook/sql"
import { Effect, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { randomUUID } from "node:crypto"
import type { Subscriber } from "./Endpoint.ts"
import type { Endpoints } from "./Endpoints.ts"

export interface Claim {
  readonly id: string
  readonly webhookId: string
  readonly subscriber: Subscriber
  readonly type: string
  /** JSON. */
  readonly data: string
  readonly announcedAt: number
  readonly createdAt: number
  /** Tries before this one. */
  readonly attempts: number
  /** Names the lease. */
  readonly lease: string
  readonly claimedAt: number
  /** Whether the endpoint has failed since its last success. */
  readonly failing: boolean
}

export interface Claimed {
  readonly claims: ReadonlyArray<Claim>
  /** The earliest time at which something more becomes due; null: nothing is planned. */
  readonly nextAt: number | null
  /** Something is due that had to wait for room: look again as soon as a try has ended. */
  readonly limited: boolean
}

/** Added to the deadline of one try: after that, whoever claimed it is taken for dead. */
export const defaultLeaseMarginMs = 5000

export const makeClaims = (sql: SqlClient.SqlClient, endpoints: Endpoints, leaseMs: number | null) => {
  /** On SQLite nobody else writes meanwhile; on Postgres what others work at is left to them. */
  const skipLocked = sql.literal(sql.onDialectOrElse({ orElse: () => "", pg: () => "FOR UPDATE OF d SKIP LOCKED" }))

  /** Endpoints whose tries are counted by this transaction alone, so that no two together exceed what one allows. */
  const held = (now: number): Effect.Effect<ReadonlySet<string> | null, SqlError.SqlError> =>
    sql.onDialectOrElse({
      orElse: () => Effect.succeed(null),
      pg: () =>
        Effect.map(
          idRows(sql`SELECT e.id FROM outbox_endpoint e WHERE e.status = 'enabled' AND EXISTS (
            SELECT 1 FROM outbox_delivery d WHERE d.endpoint_id = e.id AND d.status = 'pending'
              AND d.leased_until = 0 AND d.next_at <= ${now}) ORDER BY e.id FOR NO KEY UPDATE SKIP LOCKED`),
          (rows) => new Set(rows.map(({ id }) => id))
        )
    })

  /**
   * Within a transaction. `room`: how many at most; `mine`: leases of tries that still run here, which end by
   * themselves: that the clock says otherwise means that it was set, or that the machine slept.
   */
  const take = Effect.fnUntraced(function* (
    room: number,
    now: number,
    mine: ReadonlySet<string>
  ): Effect.fn.Return<Claimed, SqlError.SqlError> {
    yield* sql`UPDATE outbox_delivery SET leased_until = 0, leased_by = NULL WHERE id IN (
      SELECT d.id FROM outbox_delivery d WHERE d.leased_until > 0 AND d.leased_until <= ${now}
        AND NOT ${sql.in("leased_by", [...mine])} ${skipLocked})`
    const own = yield* held(now)
    const subscribers = yield* endpoints.subscribers
    const claims: Array<Claim> = []
    let nextAt: number | null = null
    let limited = false
    const later = (at: number) => void (nextAt = nextAt === null ? at : Math.min(nextAt, at))

    for (const line of yield* lineRows(linesOf(sql))) {
      const subscriber = subscribers.get(line.id)
      if (subscriber === undefined || line.due === null) continue
      if (line.due > now) {
        later(line.due)
        continue
      }
      if (own !== null && !own.has(line.id)) {
        later(now + othersMs)
        continue
      }
      const { endpoint, rules } = subscriber
      const pace = paceOf(endpoint.ratePerSecond, line.rate_free_at, now)
      const most = Math.min(
        room - claims.length,
        endpoint.fifo ? 1 - line.leased : endpoint.concurrency - line.leased,
        pace.allowed
      )
      if (most <= 0) {
        if (pace.allowed <= 0) later(pace.freeAt)
        else limited = true
        continue
      }
      const rows = yield* claimRows(
        endpoint.fifo ? firstOf(sql, line.id, now, skipLocked) : dueOf(sql, line.id, now, most, skipLocked)
      )
      if (rows.length === 0) continue
      const lease = randomUUID()
      const until = now + (leaseMs ?? rules.timeoutMs + defaultLeaseMarginMs)
      yield* sql`UPDATE outbox_delivery SET leased_until = ${until}, leased_by = ${lease}
        WHERE ${sql.in(
          "id",
          rows.map(({ id }) => id)
        )}`
      if (pace.interval > 0) {
        const freeAt = pace.freeAt + rows.length * pace.interval
        yield* sql`UPDATE outbox_endpoint SET rate_free_at = ${freeAt} WHERE id = ${line.id}`
        if (rows.length === most) later(Math.max(freeAt, now + 1))
      }
      if (rows.length === most) limited = true
      else {
        const [rest] = yield* nextRows(sql`SELECT min(next_at) AS next_at FROM outbox_delivery
          WHERE endpoint_id = ${line.id} AND status = 'pending' AND leased_until = 0`)
        if (rest!.next_at !== null) later(rest!.next_at)
      }
      for (const row of rows)
        claims.push({
          id: row.id,
          webhookId: row.webhook_id,
          subscriber,
          type: row.type,
          data: row.data,
          announcedAt: row.announced_at,
          createdAt: row.created_at,
          attempts: row.attempts,
          lease,
          claimedAt: now,
          failing: line.failing
        })
    }
    return { claims, nextAt, limited }
  })

  return { take }
}

/** Each enabled endpoint that has something to get: when the first of it is due, and how much is being sent. */
const linesOf = (sql: SqlClient.SqlClient) => sql`
  SELECT * FROM (
    SELECT e.id, e.rate_free_at, CASE WHEN e.failing_since IS NULL THEN 0 ELSE 1 END AS failing,
      (SELECT count(*) FROM outbox_delivery d WHERE d.endpoint_id = e.id AND d.leased_until > 0) AS leased,
      CASE WHEN e.fifo = 1
        THEN (SELECT d.next_at FROM outbox_delivery d
              WHERE d.endpoint_id = e.id AND d.status = 'pending' ORDER BY d.seq LIMIT 1)
        ELSE (SELECT min(d.next_at) FROM outbox_delivery d
              WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.leased_until = 0)
      END AS due
    FROM outbox_endpoint e WHERE e.status = 'enabled'
  ) lines WHERE due IS NOT NULL ORDER BY due`

const columns = "d.id, d.webhook_id, d.attempts, d.created_at, a.type, a.data, a.announced_at"

const dueOf = (sql: SqlClient.SqlClient, endpointId: string, now: number, most: number, skipLocked: unknown) => sql`
  SELECT ${sql.literal(columns)} FROM outbox_delivery d JOIN outbox_announcement a ON a.id = d.announcement_id
  WHERE d.endpoint_id = ${endpointId} AND d.status = 'pending' AND d.leased_until = 0 AND d.next_at <= ${now}
  ORDER BY d.next_at, d.seq LIMIT ${most} ${skipLocked}`

/** The head of the line, if it is due: nothing overtakes it. */
const firstOf = (sql: SqlClient.SqlClient, endpointId: string, now: number, skipLocked: unknown) => sql`
  SELECT ${sql.literal(columns)} FROM outbox_delivery d JOIN outbox_announcement a ON a.id = d.announcement_id
  WHERE d.leased_until = 0 AND d.next_at <= ${now} AND d.seq = (
    SELECT min(f.seq) FROM outbox_delivery f WHERE f.endpoint_id = ${endpointId} AND f.status = 'pending')
  ${skipLocked}`

/** Tries are spread evenly; what was not used is kept for a tenth of a second and no longer. */
const paceOf = (ratePerSecond: number | null, freeAt: number, now: number) => {
  if (ratePerSecond === null) return { interval: 0, freeAt: now, allowed: Infinity }
  const interval = 1000 / ratePerSecond
  const from = Math.max(freeAt, now - keptMs)
  return { interval, freeAt: from, allowed: from > now ? 0 : Math.floor((now - from) / interval) + 1 }
}

const keptMs = 100
/** How soon an endpoint is looked at again that another process was taking from. */
const othersMs = 50

const lineRows = rowsOf(
  Schema.Struct({
    id: Schema.String,
    rate_free_at: Whole,
    failing: Flag,
    leased: Whole,
    due: Schema.NullOr(Whole)
  })
)
const idRows = rowsOf(Schema.Struct({ id: Schema.String }))
const nextRows = rowsOf(Schema.Struct({ next_at: Schema.NullOr(Whole) }))
const claimRows = rowsOf(
  Schema.Struct({
    id: Schema.String,
    webhook_id: Schema.String,
    attempts: Whole,
    created_at: Whole,
    type: Schema.String,
    data: Schema.String,
    announced_at: Whole
  })
)
