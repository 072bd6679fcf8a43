/** What a worker takes to send now, so that no other one does. */
import { Flag, rowsOf, Whole } from "@tenterhook/sql"
import { Effect, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Subscriber } from "./Endpoint.ts"
import type { Endpoints } from "./Endpoints.ts"
import { type Held, type Lease, type Leases, noneOf, type Taken } from "./Leases.ts"
import type { Ownership } from "./Ownership.ts"

export interface Claim {
  readonly id: string
  /** What the lease knows it by. */
  readonly number: number
  readonly webhookId: string
  readonly subscriber: Subscriber
  readonly type: string
  /** JSON. */
  readonly data: string
  readonly announcedAt: number
  readonly createdAt: number
  /** Tries before this one. */
  readonly attempts: number
  readonly lease: Lease
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

/** `owns`: whose endpoint it is not takes from it only what has been due for long while nobody was sending to it. */
export const makeClaims = (sql: SqlClient.SqlClient, endpoints: Endpoints, leases: Leases, owns: Ownership["owns"]) => {
  /** Endpoints whose tries are counted by this transaction alone, so that no two together exceed what one allows. */
  const locked = sql.literal(
    sql.onDialectOrElse({ orElse: () => "", pg: () => "ORDER BY id FOR NO KEY UPDATE SKIP LOCKED" })
  )

  /** Within a transaction. `room`: how many at most; `mine`: of tries that run here, which end by themselves. */
  const take = Effect.fnUntraced(function* (
    room: number,
    now: number,
    mine: ReadonlySet<Lease>
  ): Effect.fn.Return<Claimed, SqlError.SqlError> {
    const claims: Array<Claim> = []
    let nextAt: number | null = null
    let limited = false
    const later = (at: number) => void (nextAt = nextAt === null ? at : Math.min(nextAt, at))

    const lines = (yield* lineRows(linesOf(sql, now))).map(({ rate_free_at, ...line }) => ({
      ...line,
      rateFreeAt: rate_free_at,
      patience: owns(line.id) ? 0 : othersMs
    }))
    for (const { due, next, patience } of lines) {
      const at = due + patience > now ? due : next
      if (at !== null) later(at + patience)
    }
    const ours = new Set([...mine].map(({ id }) => id))
    const isSentByOthers = (endpointId: string, held: ReadonlyArray<Held>) =>
      held.some((lease) => lease.endpointId === endpointId && !ours.has(lease.id))
    let due = lines.filter((line) => line.due + line.patience <= now)
    if (due.some(({ patience }) => patience > 0)) {
      const held = yield* leases.held(mine)
      // The row of an owner who is busy, or waits for its rate, is not even locked.
      due = due.filter(
        ({ id, patience, rateFreeAt }) => patience === 0 || (rateFreeAt + patience <= now && !isSentByOthers(id, held))
      )
    }
    if (due.length === 0) return { claims, nextAt, limited }

    const subscribers = yield* endpoints.subscribersOf(due[0]!.revision)
    const states = new Map(
      (yield* stateRows(sql`SELECT id, rate_free_at, CASE WHEN failing_since IS NULL THEN 0 ELSE 1 END AS failing
        FROM outbox_endpoint WHERE ${sql.in(
          "id",
          due.map(({ id }) => id)
        )} ${locked}`)).map((state) => [state.id, state])
    )
    const held = yield* leases.held(mine)
    for (const { id, patience } of due) {
      const subscriber = subscribers.get(id)
      if (subscriber === undefined) continue
      const state = states.get(id)
      if (state === undefined) {
        later(now + lockedMs)
        continue
      }
      // It may wait for its rate, or may have been taken from since.
      if (patience > 0 && (state.rate_free_at + patience > now || isSentByOthers(id, held))) continue
      // What runs here is known here, whatever the database has of it: a crash of Postgres may take back a lease.
      const others = held.filter((one) => one.endpointId === id && !ours.has(one.id))
      const taken = [
        ...others.flatMap(({ deliveries }) => deliveries),
        ...[...mine].flatMap((lease) => (lease.endpointId === id ? [...lease.open] : []))
      ]
      const { endpoint } = subscriber
      const pace = paceOf(endpoint.ratePerSecond, state.rate_free_at, now)
      const most = Math.min(
        room - claims.length,
        (endpoint.fifo ? 1 : endpoint.concurrency) - taken.length,
        pace.allowed
      )
      if (most <= 0) {
        if (pace.allowed <= 0) later(pace.freeAt)
        else limited = true
        continue
      }
      const rows = rowsAsWritten(yield* endpoint.fifo ? firstOf(sql, id, now) : dueOf(sql, id, now, most, taken))
      if (rows.length > 0) {
        const numbers = rows.map(({ number }) => number)
        const lease = yield* leases.take(id, numbers, held)
        for (const row of rows) claims.push({ ...row, subscriber, lease, claimedAt: now, failing: state.failing })
        if (pace.interval > 0) {
          const freeAt = pace.freeAt + rows.length * pace.interval
          yield* sql`UPDATE outbox_endpoint SET rate_free_at = ${freeAt} WHERE id = ${id}`
          if (rows.length === most) later(Math.max(freeAt, now + 1))
        }
      }
      if (rows.length === most) limited = true
    }
    return { claims, nextAt, limited }
  })

  return { take }
}

/**
 * Each enabled endpoint that has something to get: when the first of it is due, be it being sent or not, and when the
 * first is due that is not yet.
 */
const linesOf = (sql: SqlClient.SqlClient, now: number) => sql`
  SELECT lines.*, (SELECT revision FROM outbox_revision WHERE one = 1) AS revision FROM (
    SELECT e.id, e.rate_free_at, CASE WHEN e.fifo = 1
        THEN (SELECT d.next_at FROM outbox_delivery d
              WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.fifo = 1 ORDER BY d.seq LIMIT 1)
        ELSE (SELECT min(d.next_at) FROM outbox_delivery d WHERE d.endpoint_id = e.id AND d.status = 'pending')
      END AS due,
      CASE WHEN e.fifo = 1 THEN NULL
        ELSE (SELECT min(d.next_at) FROM outbox_delivery d
              WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.next_at > ${now})
      END AS next
    FROM outbox_endpoint e WHERE e.status = 'enabled'
  ) lines WHERE due IS NOT NULL ORDER BY due`

const columns = `d.seq, d.id, d.webhook_id, d.attempts, d.created_at, a.type, a.data, a.announced_at
  FROM outbox_delivery d JOIN outbox_announcement a ON a.id = d.announcement_id`

const dueOf = (sql: SqlClient.SqlClient, endpointId: string, now: number, most: number, taken: Taken) => sql`
  SELECT ${sql.literal(columns)}
  WHERE d.endpoint_id = ${endpointId} AND d.status = 'pending' AND d.next_at <= ${now} AND ${noneOf(sql, taken)}
  ORDER BY d.next_at, d.seq LIMIT ${most}`

/** The head of the line, if it is due: nothing overtakes it. */
const firstOf = (sql: SqlClient.SqlClient, endpointId: string, now: number) => sql`
  SELECT ${sql.literal(columns)} WHERE d.next_at <= ${now} AND d.seq = (
    SELECT min(f.seq) FROM outbox_delivery f WHERE f.endpoint_id = ${endpointId} AND f.status = 'pending' AND f.fifo = 1)`

/** Tries are spread evenly; what was not used is kept for a tenth of a second and no longer. */
const paceOf = (ratePerSecond: number | null, freeAt: number, now: number) => {
  if (ratePerSecond === null) return { interval: 0, freeAt: now, allowed: Infinity }
  const interval = 1000 / ratePerSecond
  const from = Math.max(freeAt, now - keptMs)
  return { interval, freeAt: from, allowed: from > now ? 0 : Math.floor((now - from) / interval) + 1 }
}

const keptMs = 100
/** How soon an endpoint is looked at again that another process was taking from. */
const lockedMs = 50
/** How long something has to be due at another's endpoint. */
const othersMs = 5000

/** A schema for each would take longer than all else that is done for one. */
const rowsAsWritten = (rows: ReadonlyArray<object>) =>
  (rows as ReadonlyArray<Readonly<Record<string, string>>>).map((row) => ({
    id: row["id"]!,
    number: Number(row["seq"]),
    webhookId: row["webhook_id"]!,
    type: row["type"]!,
    data: row["data"]!,
    announcedAt: Number(row["announced_at"]),
    createdAt: Number(row["created_at"]),
    attempts: Number(row["attempts"])
  }))

const lineRows = rowsOf(
  Schema.Struct({
    id: Schema.String,
    rate_free_at: Whole,
    due: Whole,
    next: Schema.NullOr(Whole),
    revision: Schema.String
  })
)
const stateRows = rowsOf(Schema.Struct({ id: Schema.String, rate_free_at: Whole, failing: Flag }))
