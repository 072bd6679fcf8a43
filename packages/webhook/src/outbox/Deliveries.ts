/** Looking at deliveries, and making new ones of old ones. */
import { inChunks, rowsOf } from "@tenterhook/sql"
import { Clock, Effect, Option, Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { Sender } from "../request/Sender.ts"
import { type Announcer, prepare } from "./Announcer.ts"
import {
  attemptOf,
  AttemptRow,
  type Delivery,
  deliveryOf,
  type DeliveryRecord,
  DeliveryRow,
  type DeliveryStatus
} from "./Delivery.ts"
import type { Endpoints } from "./Endpoints.ts"
import type { Feed } from "./Feed.ts"
import { mintId } from "./Id.ts"
import { type OutboxError, stored, unacceptable, unknown } from "./OutboxError.ts"
import type { Wake } from "./Ownership.ts"

export interface DeliveryQuery {
  readonly endpointId?: string
  readonly announcementId?: string
  readonly status?: DeliveryStatus | ReadonlyArray<DeliveryStatus>
  readonly type?: string
  /** Made at this time or later, and before that one: epoch milliseconds. */
  readonly from?: number
  readonly to?: number
  /** The sequence or the id of a delivery: those made before it. For the next page; a sequence outlives its delivery. */
  readonly before?: number | string
  /** Default: 100; at most 1000. */
  readonly limit?: number
}

/** One delivery, several, or what one endpoint did not get in some time: by default what failed or is held. */
export type ReplayRequest =
  | { readonly ids: ReadonlyArray<string> }
  | {
      readonly endpointId: string
      readonly from: number
      readonly to?: number
      readonly status?: DeliveryStatus | ReadonlyArray<DeliveryStatus>
    }

export interface Deliveries {
  /** The newest first. */
  readonly list: (query?: DeliveryQuery) => Effect.Effect<ReadonlyArray<Delivery>, OutboxError>
  /** With what was announced, and each try. */
  readonly get: (id: string) => Effect.Effect<DeliveryRecord, OutboxError>
  /**
   * Delivers again what was delivered, failed or is held: as new deliveries that name the old ones, all of them or none.
   * By time, what was replayed before is left out. What has been forgotten cannot be sent again.
   */
  readonly replay: (request: ReplayRequest) => Effect.Effect<ReadonlyArray<Delivery>, OutboxError>
  /** An announcement for this endpoint alone, whatever it wants to get. Its URL is checked first, as when it was saved. */
  readonly test: (
    endpointId: string,
    event?: { readonly type?: string; readonly data?: unknown }
  ) => Effect.Effect<Delivery, OutboxError>
}

export const makeDeliveries = (
  sql: SqlClient.SqlClient,
  endpoints: Endpoints,
  announcer: Announcer,
  feed: Feed,
  sender: Pick<Sender, "check">,
  wake: Wake
): Deliveries => {
  const select = sql`SELECT d.seq, d.id, d.webhook_id, d.endpoint_id, d.announcement_id, a.type, d.status, d.reason,
    d.replay_of, d.created_at, d.next_at, d.ended_at, d.attempts, a.forgotten_at
    FROM outbox_delivery d JOIN outbox_announcement a ON a.id = d.announcement_id`
  const byIds = (ids: ReadonlyArray<string>) =>
    Effect.map(
      inChunks(ids, (some) => deliveryRows(sql`${select} WHERE ${sql.in("d.id", some)}`)),
      (rows) => rows.toSorted((a, b) => a.seq - b.seq)
    )

  const list = Effect.fn("Deliveries.list")(function* (query: DeliveryQuery = {}) {
    const clauses: Array<string | Statement.Fragment> = []
    if (query.endpointId !== undefined) clauses.push(sql`d.endpoint_id = ${query.endpointId}`)
    if (query.announcementId !== undefined) clauses.push(sql`d.announcement_id = ${query.announcementId}`)
    if (query.status !== undefined) clauses.push(sql.in("d.status", [query.status].flat()))
    if (query.type !== undefined) clauses.push(sql`a.type = ${query.type}`)
    if (query.from !== undefined) clauses.push(sql`d.created_at >= ${query.from}`)
    if (query.to !== undefined) clauses.push(sql`d.created_at < ${query.to}`)
    if (typeof query.before === "number") clauses.push(sql`d.seq < ${query.before}`)
    else if (query.before !== undefined) {
      const [before] = yield* byIds([query.before])
      if (before === undefined) return yield* unknown("delivery", query.before)
      clauses.push(sql`d.seq < ${before.seq}`)
    }
    const limit = Math.max(1, Math.min(query.limit ?? 100, 1000))
    const rows = yield* deliveryRows(sql`${select} WHERE ${sql.and(clauses)} ORDER BY d.seq DESC LIMIT ${limit}`)
    return rows.map(deliveryOf)
  }, stored("read the deliveries"))

  const get = Effect.fn("Deliveries.get")(function* (id: string) {
    const [row] = yield* byIds([id])
    if (row === undefined) return yield* unknown("delivery", id)
    const tries = yield* attemptRows(sql`SELECT * FROM outbox_attempt WHERE delivery_id = ${id} ORDER BY number`)
    const [announced] = yield* dataRows(sql`SELECT data FROM outbox_announcement WHERE id = ${row.announcement_id}`)
    return {
      ...deliveryOf(row),
      data: announced!.data,
      forgottenAt: row.forgotten_at,
      tries: tries.map(attemptOf)
    }
  }, stored("read the delivery"))

  const originals = Effect.fnUntraced(function* (request: ReplayRequest) {
    if ("ids" in request) {
      const rows = yield* byIds([...new Set(request.ids)])
      const found = new Set(rows.map(({ id }) => id))
      const missing = request.ids.find((id) => !found.has(id))
      if (missing !== undefined) return yield* unknown("delivery", missing)
      const pending = rows.find(({ status }) => status === "pending")
      if (pending !== undefined)
        return yield* unacceptable(
          "the replay",
          `the delivery ${pending.id} is still pending; it is tried without that`
        )
      return rows
    }
    yield* endpoints.get(request.endpointId)
    const statuses = [request.status ?? (["failed", "held"] as const)].flat()
    if (statuses.includes("pending")) return yield* unacceptable("the replay", "what is pending is tried without that")
    return yield* deliveryRows(sql`${select} WHERE d.endpoint_id = ${request.endpointId}
      AND d.created_at >= ${request.from} AND d.created_at < ${request.to ?? Number.MAX_SAFE_INTEGER}
      AND ${sql.in("d.status", statuses)}
      AND NOT EXISTS (SELECT 1 FROM outbox_delivery r WHERE r.replay_of = d.id) ORDER BY d.seq`)
  })

  const replay = Effect.fn("Deliveries.replay")(function* (request: ReplayRequest) {
    const made = yield* Effect.gen(function* () {
      // First, so that what is found is not forgotten meanwhile.
      const subscribers = yield* endpoints.subscribersHeld
      const rows = yield* originals(request)
      const forgotten = rows.find(({ forgotten_at }) => forgotten_at !== null)
      if (forgotten !== undefined)
        return yield* unacceptable(
          "the replay",
          `the payload of the delivery ${forgotten.id} was forgotten at ${new Date(forgotten.forgotten_at!).toISOString()}; ask for later ones only`
        )
      const now = yield* Clock.currentTimeMillis
      const fresh: Array<Record<string, unknown> & { readonly id: string }> = []
      for (const row of rows) {
        const { endpoint, rules } = subscribers.get(row.endpoint_id)!
        if (endpoint.status === "disabled")
          return yield* unacceptable(
            "the replay",
            `the endpoint ${endpoint.id} is disabled: ${endpoint.reason}; enable it first`
          )
        const id = mintId("msg", now)
        fresh.push({
          id,
          webhook_id: rules.replayKeepsId ? row.webhook_id : id,
          endpoint_id: row.endpoint_id,
          announcement_id: row.announcement_id,
          replay_of: row.id,
          status: "pending",
          created_at: now,
          next_at: now,
          attempts: 0,
          fifo: endpoint.fifo ? 1 : 0
        })
      }
      yield* inChunks(fresh, (some) => sql`INSERT INTO outbox_delivery ${sql.insert(some)}`)
      const made = yield* byIds(fresh.map(({ id }) => id))
      yield* feed.tell(() =>
        made.map(({ id, endpoint_id, type, status }) => ({
          deliveryId: id,
          endpointId: endpoint_id,
          type,
          status,
          attempt: null,
          retryAt: null
        }))
      )
      yield* sql.afterCommit(Effect.sync(() => wake(() => rows.map(({ endpoint_id }) => endpoint_id))))
      return made
    }).pipe(sql.withTransaction, stored("replay the deliveries"))
    return made.map(deliveryOf)
  })

  const test = Effect.fn("Deliveries.test")(function* (
    endpointId: string,
    event: { readonly type?: string; readonly data?: unknown } = {}
  ) {
    const { url, status, reason } = yield* endpoints.get(endpointId)
    if (status === "disabled")
      return yield* unacceptable("the test", `the endpoint is disabled: ${reason}; enable it first`)
    const refusal = yield* Effect.promise(() => sender.check(url))
    if (refusal !== null) return yield* unacceptable("the endpoint's url", refusal.message)
    const prepared = yield* prepare({ type: event.type ?? "test.webhook", data: event.data ?? { test: true } })
    const [row] = yield* Effect.gen(function* () {
      const to = Option.fromNullishOr((yield* endpoints.subscribersHeld).get(endpointId))
      if (Option.isNone(to)) return yield* unknown("endpoint", endpointId)
      const [announcementId] = yield* announcer.write([prepared], to.value)
      return yield* deliveryRows(sql`${select} WHERE d.announcement_id = ${announcementId}`)
    }).pipe(sql.withTransaction, stored("write the test"))
    return deliveryOf(row!)
  })

  return { list, get, replay, test }
}

const deliveryRows = rowsOf(DeliveryRow)
const attemptRows = rowsOf(AttemptRow)
const dataRows = rowsOf(Schema.Struct({ data: Schema.fromJsonString(Schema.Unknown) }))
