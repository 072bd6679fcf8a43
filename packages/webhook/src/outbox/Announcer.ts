/** Writes announcements and, in the same transaction, a delivery for each endpoint that wants one. */
import { inChunks, makeGroupCommit, rowsOf, type Transaction } from "@tenterhook/sql"
import { Clock, Effect, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Endpoints } from "./Endpoints.ts"
import type { Subscriber } from "./Endpoint.ts"
import type { DeliveryChange, Feed } from "./Feed.ts"
import { mintId } from "./Id.ts"
import { type OutboxError, stored, unacceptable } from "./OutboxError.ts"

/** A fact, as dialects announce it. */
export interface Announcing {
  /** Dotted: `agent.execution_start_hook.failed`. */
  readonly type: string
  /** Anything that JSON can hold. */
  readonly data: unknown
  /** Of two announcements with the same key only the first counts: for callers that may have to say it again. */
  readonly key?: string
}

export interface Announcer {
  /**
   * Gives the ids of the announcements. Once it has succeeded they are durable; if it fails, none of them is. Callers
   * that come at the same time share a commit; within a transaction of the caller's, they stand and fall with it.
   */
  readonly announce: (list: ReadonlyArray<Announcing>) => Effect.Effect<ReadonlyArray<string>, OutboxError>
  /** Within the transaction of the caller; wakes the worker after it. `to`: only this endpoint, whatever it wants. */
  readonly write: (
    list: ReadonlyArray<Prepared>,
    to?: Subscriber
  ) => Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
}

export interface Prepared {
  readonly type: string
  readonly data: unknown
  /** The data as JSON. */
  readonly text: string
  readonly key: string | null
}

export const makeAnnouncer = (
  sql: SqlClient.SqlClient,
  transaction: Transaction,
  endpoints: Endpoints,
  feed: Feed,
  wake: () => void
): Announcer => {
  const write = Effect.fnUntraced(function* (list: ReadonlyArray<Prepared>, to?: Subscriber) {
    const now = yield* Clock.currentTimeMillis
    const subscribers = to === undefined ? [...(yield* endpoints.subscribersHeld).values()] : [to]
    const rows = list.map(({ type, text, key }) => ({
      id: mintId("evt", now),
      dedupe_key: key,
      type,
      data: text,
      announced_at: now
    }))
    const ids = yield* inChunks(rows, (some) =>
      idRows(sql`INSERT INTO outbox_announcement ${sql.insert(some)} ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`)
    )
    const fresh = new Set(ids.map(({ id }) => id))
    const deliveries: Array<Record<string, unknown>> = []
    const changes: Array<DeliveryChange> = []
    list.forEach(({ type, data }, index) => {
      const { id: announcement_id } = rows[index]!
      if (!fresh.has(announcement_id)) return
      for (const { endpoint, wants } of subscribers) {
        if (to === undefined && !wants(type, data)) continue
        const id = mintId("msg", now)
        const held = endpoint.status === "disabled"
        const status = held ? "held" : "pending"
        changes.push({ deliveryId: id, endpointId: endpoint.id, type, status, attempt: null })
        deliveries.push({
          id,
          webhook_id: id,
          endpoint_id: endpoint.id,
          announcement_id,
          status,
          reason: held ? `the endpoint is disabled: ${endpoint.reason ?? "no reason given"}` : null,
          created_at: now,
          next_at: held ? null : now,
          attempts: 0,
          leased_until: 0
        })
      }
    })
    yield* inChunks(deliveries, (some) => sql`INSERT INTO outbox_delivery ${sql.insert(some)}`)
    yield* sql.afterCommit(Effect.sync(wake))
    yield* feed.tell(() => changes)
    if (fresh.size === rows.length) return rows.map(({ id }) => id)
    const known = new Map<string, string>()
    const keys = list.flatMap(({ key }, index) => (key === null || fresh.has(rows[index]!.id) ? [] : [key]))
    const before = yield* inChunks(keys, (some) =>
      keyRows(sql`SELECT id, dedupe_key FROM outbox_announcement WHERE ${sql.in("dedupe_key", some)}`)
    )
    for (const { id, dedupe_key } of before) known.set(dedupe_key, id)
    return rows.map(({ id, dedupe_key }) => (fresh.has(id) ? id : known.get(dedupe_key!)!))
  })

  const commit = makeGroupCommit({
    sql,
    transaction,
    sizeOf: (list: ReadonlyArray<Prepared>) => list.length,
    write: (lists: ReadonlyArray<ReadonlyArray<Prepared>>) =>
      Effect.map(write(lists.flat()), (ids) => {
        let from = 0
        return lists.map(({ length }) => ids.slice(from, (from += length)))
      })
  })

  const announce = Effect.fn("Outbox.announce")(function* (list: ReadonlyArray<Announcing>) {
    if (list.length === 0) return []
    const prepared: Array<Prepared> = []
    for (const one of list) prepared.push(yield* prepare(one))
    return yield* stored("write the announcements")(commit(prepared))
  })

  return { announce, write }
}

export const prepare = ({ type, data, key }: Announcing): Effect.Effect<Prepared, OutboxError> => {
  const what = `the announcement ${JSON.stringify(type)}`
  if (typeof type !== "string" || !/^[\w-]+(?:\.[\w-]+)*$/.test(type) || type.length > 200)
    return Effect.fail(unacceptable(what, `expected a type of names with dots between them, such as "agent.started"`))
  let text: string | undefined
  try {
    text = JSON.stringify(data ?? null)
  } catch (error) {
    return Effect.fail(unacceptable(what, `its data is no JSON: ${(error as Error).message}`))
  }
  if (text === undefined) return Effect.fail(unacceptable(what, "its data is no JSON"))
  // What is filtered is what is sent.
  return Effect.succeed({ type, data: JSON.parse(text), text, key: key ?? null })
}

const idRows = rowsOf(Schema.Struct({ id: Schema.String }))
const keyRows = rowsOf(Schema.Struct({ id: Schema.String, dedupe_key: Schema.String }))
