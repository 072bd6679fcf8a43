/** What is written when tries have ended: each try, what becomes of its delivery, and what that means for its endpoint. */
import { inChunks, rowsOf, Whole } from "@tenterhook/sql"
import { Clock, Effect, Random, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Answer, NoAnswer } from "../request/Sender.ts"
import type { Announcer } from "./Announcer.ts"
import type { Claim } from "./Claims.ts"
import { type Attempt, DeliveryStatus } from "./Delivery.ts"
import type { Subscriber } from "./Endpoint.ts"
import { type Endpoints, hold } from "./Endpoints.ts"
import { disabledType } from "./eventFilter.ts"
import type { Feed } from "./Feed.ts"
import type { Lease, Leases } from "./Leases.ts"
import { isSuccess, judge } from "./rules.ts"

export interface Ended {
  readonly claim: Claim
  readonly result: Answer | NoAnswer
}

export const makeRecords = (
  sql: SqlClient.SqlClient,
  endpoints: Endpoints,
  announcer: Announcer,
  feed: Feed,
  leases: Leases
) => {
  const isPostgres = sql.onDialectOrElse({ orElse: () => false, pg: () => true })

  /**
   * Writes tries that are plain, beside all else that happens, and leaves their leases as they are. Null where the
   * database has one connection, and nothing is gained by it.
   */
  const acknowledge = isPostgres
    ? Effect.fnUntraced(function* (succeeded: ReadonlyArray<Ended>) {
        const now = yield* Clock.currentTimeMillis
        yield* toldDelivered(succeeded, yield* deliveredAtOnce(succeeded, now))
      })
    : null

  /** Within a transaction. */
  const write = Effect.fnUntraced(function* (
    all: ReadonlyArray<Ended>,
    now: number
  ): Effect.fn.Return<void, SqlError.SqlError> {
    // Nobody removes an endpoint before its tries are written.
    if (isPostgres) yield* endpointsHeld(all)
    const ours = yield* leases.release(endedByLease(all))
    const rows: Array<Recorded> = []
    const succeeded = all.filter(({ result }) => isSuccess(result))
    yield* writeSuccesses(succeeded, now)
    const failing = new Map<Subscriber, number>()
    for (const ended of all) {
      if (isSuccess(ended.result) || isCancelled(ended.result)) continue
      const { subscriber } = ended.claim
      const exhausted = yield* writeFailure(ended, ours.has(ended.claim.lease), rows, now)
      failing.set(subscriber, (failing.get(subscriber) ?? 0) + (exhausted ? 1 : 0))
    }
    yield* inChunks(rows.map(attemptRow), (some) => sql`INSERT INTO outbox_attempt ${sql.insert(some)}`)
    for (const [subscriber, exhausted] of failing) yield* judgeEndpoint(subscriber, exhausted, now)
  })

  const endpointsHeld = (all: ReadonlyArray<Ended>) =>
    sql`SELECT id FROM outbox_endpoint
      WHERE ${sql.in("id", [...new Set(all.map(({ claim }) => claim.lease.endpointId))])} FOR KEY SHARE`

  const writeSuccesses = Effect.fnUntraced(function* (succeeded: ReadonlyArray<Ended>, now: number) {
    if (succeeded.length === 0) return
    // Whoever else holds the lease by now: it was delivered.
    const delivered = isPostgres ? deliveredAtOnce(succeeded, now) : deliveredInTurn(succeeded, now)
    yield* toldDelivered(succeeded, yield* delivered)
    const recovered = new Set(succeeded.flatMap(({ claim }) => (claim.failing ? [claim.subscriber.endpoint.id] : [])))
    if (recovered.size > 0)
      yield* sql`UPDATE outbox_endpoint SET failing_since = NULL, failed_at = NULL WHERE ${sql.in("id", [...recovered])}`
  })

  const deliveredInTurn = Effect.fnUntraced(function* (succeeded: ReadonlyArray<Ended>, now: number) {
    const byId = new Map(succeeded.map((ended) => [ended.claim.id, ended]))
    const tried = yield* countedRows(sql`UPDATE outbox_delivery SET status = 'delivered', cause = NULL,
      reason = NULL, attempts = attempts + 1, next_at = NULL, ended_at = ${now}
      WHERE ${sql.in("id", [...byId.keys()])} RETURNING id, attempts`)
    const rows = tried.map((row) => attemptRow(recordedOf(byId.get(row.id)!, { ...row, status: "delivered" })))
    yield* inChunks(rows, (some) => sql`INSERT INTO outbox_attempt ${sql.insert(some)}`)
    return tried
  })

  /** One statement, which is a transaction where there is none around it. */
  const deliveredAtOnce = (succeeded: ReadonlyArray<Ended>, now: number) => {
    const rows = succeeded.map((ended) => ({
      seq: ended.claim.number,
      ...attemptRow(recordedOf(ended, { id: ended.claim.id, attempts: 0, status: "delivered" }))
    }))
    // The tries come with what is updated: Postgres would find them again by comparing each with each.
    return countedRows(sql`WITH held AS MATERIALIZED (${endpointsHeld(succeeded)}),
      tried AS MATERIALIZED (SELECT * FROM json_to_recordset(${JSON.stringify(rows)}::json)
        AS t (seq bigint, at bigint, duration_ms float8, status int, headers text, body text, truncated int)),
      done AS (UPDATE outbox_delivery d SET status = 'delivered', cause = NULL, reason = NULL,
          attempts = d.attempts + 1, next_at = NULL, ended_at = ${String(now)}::bigint
        FROM tried t WHERE d.seq = t.seq AND d.endpoint_id IN (SELECT id FROM held)
        RETURNING d.id, d.attempts, t.at, t.duration_ms, t.status AS answer, t.headers, t.body, t.truncated)
      INSERT INTO outbox_attempt (delivery_id, number, at, duration_ms, status, headers, body, truncated)
      SELECT id, attempts, at, duration_ms, answer, headers, body, truncated FROM done
      RETURNING delivery_id AS id, number AS attempts`)
  }

  const toldDelivered = (succeeded: ReadonlyArray<Ended>, tried: ReadonlyArray<typeof Counted.Type>) =>
    told(() => {
      const byId = new Map(succeeded.map((ended) => [ended.claim.id, ended]))
      return tried.map((row) => recordedOf(byId.get(row.id)!, { ...row, status: "delivered" }))
    })

  /** Told at once, before anything else that comes of it. */
  const told = (some: () => ReadonlyArray<Recorded>) =>
    feed.tell(() =>
      some().map(({ claim, status, attempt, retryAt }) => ({
        deliveryId: claim.id,
        endpointId: claim.subscriber.endpoint.id,
        type: claim.type,
        status,
        attempt,
        retryAt
      }))
    )

  /** Says whether its delivery is exhausted. */
  const writeFailure = Effect.fnUntraced(function* (ended: Ended, isOurs: boolean, rows: Array<Recorded>, now: number) {
    const { claim, result } = ended
    const { rules } = claim.subscriber
    const attempts = claim.attempts + 1
    const random = yield* Random.next
    const next = judge(rules, result, { attempts, createdAt: claim.createdAt, now, random })
    const set =
      next._tag === "retry"
        ? { next_at: next.at }
        : next._tag === "failed"
          ? { status: "failed", cause: next.cause, reason: next.reason, next_at: null, ended_at: now }
          : {}
    const mine = isOurs
      ? yield* triedRows(sql`UPDATE outbox_delivery SET ${sql.update(set)}, attempts = attempts + 1
          WHERE id = ${claim.id} AND status = 'pending' RETURNING id, attempts, status`)
      : []
    // It was held meanwhile, or its lease ran out and others try it: the try counts, and decides nothing.
    const tried =
      mine.length > 0
        ? mine
        : yield* triedRows(sql`UPDATE outbox_delivery SET attempts = attempts + 1
            WHERE id = ${claim.id} RETURNING id, attempts, status`)
    const retryAt = mine.length > 0 && next._tag === "retry" ? next.at : null
    const recorded = tried.map((row) => recordedOf(ended, row, retryAt))
    rows.push(...recorded)
    yield* told(() => recorded)
    if (next._tag !== "failed") return false
    if (next.disable !== undefined) yield* disable(claim.subscriber, next.disable, now)
    return next.cause === "exhausted"
  })

  const judgeEndpoint = Effect.fnUntraced(function* (subscriber: Subscriber, exhausted: number, now: number) {
    const { id } = subscriber.endpoint
    const rule = subscriber.rules.disable
    const [row] = yield* failingRows(
      sql`SELECT failing_since, failed_at FROM outbox_endpoint WHERE id = ${id} AND status <> 'disabled'`
    )
    if (row === undefined) return
    const since = row.failing_since ?? now
    yield* sql`UPDATE outbox_endpoint SET failing_since = ${since}, failed_at = ${now} WHERE id = ${id}`
    if (rule.after === "failing") {
      const spreadMs = (row.failed_at ?? now) - since
      if (now - since < rule.forMs || spreadMs < rule.spreadMs) return
      return yield* disable(subscriber, `every delivery failed since ${new Date(since).toISOString()}`, now)
    }
    if (exhausted === 0) return
    const [counted] = yield* countRows(sql`SELECT count(*) AS n FROM outbox_delivery
      WHERE endpoint_id = ${id} AND status = 'failed' AND cause = 'exhausted' AND ended_at > ${now - rule.withinMs}`)
    if (counted!.n < rule.deliveries) return
    const hours = Math.round(rule.withinMs / 3_600_000)
    yield* disable(subscriber, `${counted!.n} deliveries were given up within ${hours} hours`, now)
  })

  const disable = Effect.fnUntraced(function* ({ endpoint }: Subscriber, reason: string, now: number) {
    const { id, url } = endpoint
    const disabled = yield* sql`UPDATE outbox_endpoint SET status = 'disabled', reason = ${reason}, updated_at = ${now}
      WHERE id = ${id} AND status <> 'disabled' RETURNING id`
    if (disabled.length === 0) return
    yield* hold(sql, feed, id, reason)
    yield* endpoints.changed
    const data = { endpointId: id, url, reason }
    yield* announcer.write([{ type: disabledType, data, text: JSON.stringify(data), key: null }])
    yield* Effect.logWarning(`outbox: the endpoint ${id} is disabled: ${reason}`)
  })

  return { acknowledge, write }
}

/** Delivered, and no news of its endpoint. */
export const isPlain = ({ claim, result }: Ended): boolean => isSuccess(result) && !claim.failing

const endedByLease = (all: ReadonlyArray<Ended>): ReadonlyMap<Lease, ReadonlySet<number>> => {
  const over = new Map<Lease, Set<number>>()
  for (const { claim } of all) {
    const numbers = over.get(claim.lease)
    if (numbers === undefined) over.set(claim.lease, new Set([claim.number]))
    else numbers.add(claim.number)
  }
  return over
}

/** The sender was closed before the try came to anything: it was none. */
const isCancelled = (result: Answer | NoAnswer) => result._tag === "failure" && result.reason === "cancelled"

/** A try as it is written, and what its delivery is now. */
interface Recorded {
  readonly claim: Claim
  readonly status: DeliveryStatus
  readonly attempt: Attempt
  readonly retryAt: number | null
}

const recordedOf = ({ claim, result }: Ended, row: typeof TriedRow.Type, retryAt: number | null = null): Recorded => ({
  claim,
  status: row.status,
  retryAt,
  attempt: {
    number: row.attempts,
    at: claim.claimedAt,
    durationMs: Math.round(result.durationMs * 1000) / 1000,
    ...(result._tag === "answer"
      ? {
          status: result.status,
          error: null,
          headers: result.headers,
          body: textOf(result.body),
          truncated: result.truncated
        }
      : { status: null, error: `${result.reason}: ${result.message}`, headers: {}, body: "", truncated: false })
  }
})

const attemptRow = ({ claim, attempt }: Recorded) => ({
  delivery_id: claim.id,
  number: attempt.number,
  at: attempt.at,
  duration_ms: attempt.durationMs,
  status: attempt.status,
  error: attempt.error,
  headers: JSON.stringify(attempt.headers),
  body: attempt.body,
  truncated: attempt.truncated ? 1 : 0
})

/** No database holds a NUL in a text. */
const textOf = (body: Uint8Array) => new TextDecoder().decode(body).replaceAll("\0", "\ufffd")

const TriedRow = Schema.Struct({ id: Schema.String, attempts: Whole, status: DeliveryStatus })
const triedRows = rowsOf(TriedRow)
const Counted = Schema.Struct({ id: Schema.String, attempts: Whole })
const countedRows = rowsOf(Counted)
const failingRows = rowsOf(Schema.Struct({ failing_since: Schema.NullOr(Whole), failed_at: Schema.NullOr(Whole) }))
const countRows = rowsOf(Schema.Struct({ n: Whole }))
