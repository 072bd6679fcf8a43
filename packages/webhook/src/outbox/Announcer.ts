/** Writes announcements and, in the same transaction, a delivery for each endpoint that wants one. */
import { inChunks, makeGroupCommit, rowsOf, type Transaction } from "@tenterhook/sql"
import { Clock, Effect, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Endpoints } from "./Endpoints.ts"
import type { Subscriber } from "./Endpoint.ts"
import type { DeliveryChange, Feed } from "./Feed.ts"
import { mintId } from "./Id.ts"
import { type OutboxError, stored, unacceptable } from "./OutboxError.ts"
import type { Wake } from "./Ownership.ts"

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
  /** What is filtered is what is sent: the text as it is read again. */
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
  wake: Wake
): Announcer => {
  const isPostgres = sql.onDialectOrElse({ orElse: () => false, pg: () => true })
  const insert = isPostgres ? insertAtOnce(sql, endpoints) : insertInTurn(sql, endpoints)

  const write = Effect.fnUntraced(function* (list: ReadonlyArray<Prepared>, to?: Subscriber) {
    const now = yield* Clock.currentTimeMillis
    const rows = list.map((one): AnnouncementRow => ({ id: mintId("evt", now), one }))
    const { fresh, deliveries } = yield* insert(rows, to, now)
    yield* sql.afterCommit(Effect.sync(() => wake(() => deliveries.map(({ to }) => to.endpoint.id))))
    yield* feed.tell(() =>
      deliveries.flatMap(({ id, announcement, to: { endpoint } }): ReadonlyArray<DeliveryChange> =>
        fresh === null || fresh.has(announcement.id)
          ? [
              {
                deliveryId: id,
                endpointId: endpoint.id,
                type: announcement.one.type,
                status: endpoint.status === "disabled" ? "held" : "pending",
                attempt: null,
                retryAt: null
              }
            ]
          : []
      )
    )
    if (fresh === null || fresh.size === rows.length) return rows.map(({ id }) => id)
    const known = new Map<string, string>()
    const keys = rows.flatMap(({ id, one: { key } }) => (key === null || fresh.has(id) ? [] : [key]))
    const before = yield* inChunks(keys, (some) =>
      keyRows(sql`SELECT id, dedupe_key FROM outbox_announcement WHERE ${sql.in("dedupe_key", some)}`)
    )
    for (const { id, dedupe_key } of before) known.set(dedupe_key, id)
    return rows.map(({ id, one: { key } }) => (fresh.has(id) ? id : known.get(key!)!))
  })

  const commit = makeGroupCommit({
    sql,
    transaction,
    sizeOf: (list: ReadonlyArray<Prepared>) => list.reduce((size, { text }) => size + 1 + text.length / largeText, 0),
    // While one waits for the disk, the next is written.
    ...(isPostgres ? { lanes: 2, atomic: true } : {}),
    write: (lists: ReadonlyArray<ReadonlyArray<Prepared>>) => {
      const all = lists.flat()
      return Effect.map(isPostgres && !isOneStatement(all) ? transaction(write(all)) : write(all), (ids) => {
        let from = 0
        return lists.map(({ length }) => ids.slice(from, (from += length)))
      })
    }
  })

  const announce = Effect.fnUntraced(function* (list: ReadonlyArray<Announcing>) {
    if (list.length === 0) return []
    const prepared: Array<Prepared> = []
    for (const one of list) prepared.push(yield* prepare(one))
    return yield* storing(commit(prepared))
  })

  return { announce, write }
}

const storing = stored("write the announcements")

interface AnnouncementRow {
  readonly id: string
  readonly one: Prepared
}

interface NewDelivery {
  readonly id: string
  readonly announcement: AnnouncementRow
  readonly to: Subscriber
}

/** Writes announcements, and a delivery of each that is new for everybody who wants it. `fresh`: their ids; null: all. */
type Insert = (
  rows: ReadonlyArray<AnnouncementRow>,
  to: Subscriber | undefined,
  now: number
) => Effect.Effect<
  { readonly fresh: ReadonlySet<string> | null; readonly deliveries: ReadonlyArray<NewDelivery> },
  SqlError.SqlError
>

const deliveriesOf = (
  rows: ReadonlyArray<AnnouncementRow>,
  subscribers: Iterable<Subscriber>,
  now: number
): ReadonlyArray<NewDelivery> => {
  const all = [...subscribers]
  const deliveries: Array<NewDelivery> = []
  for (const announcement of rows)
    for (const to of all) if (to.wants(announcement.one)) deliveries.push({ id: mintId("msg", now), announcement, to })
  return deliveries
}

const toOne = (rows: ReadonlyArray<AnnouncementRow>, to: Subscriber, now: number): ReadonlyArray<NewDelivery> =>
  rows.map((announcement) => ({ id: mintId("msg", now), announcement, to }))

const heldBecause = ({ endpoint }: Subscriber) =>
  endpoint.status === "disabled" ? `the endpoint is disabled: ${endpoint.reason ?? "no reason given"}` : null

const insertInTurn = (sql: SqlClient.SqlClient, endpoints: Endpoints): Insert =>
  Effect.fnUntraced(function* (rows, to, now) {
    const subscribers = to === undefined ? yield* endpoints.subscribersHeld : new Map()
    const ids = yield* inChunks(
      rows.map(({ id, one: { key, type, text } }) => ({ id, dedupe_key: key, type, data: text, announced_at: now })),
      (some) =>
        idRows(
          sql`INSERT INTO outbox_announcement ${sql.insert(some)} ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`
        )
    )
    const fresh = new Set(ids.map(({ id }) => id))
    const written = rows.filter(({ id }) => fresh.has(id))
    const deliveries = to === undefined ? deliveriesOf(written, subscribers.values(), now) : toOne(written, to, now)
    yield* inChunks(
      deliveries.map(({ id, announcement, to }) => {
        const reason = heldBecause(to)
        return {
          id,
          webhook_id: id,
          endpoint_id: to.endpoint.id,
          announcement_id: announcement.id,
          status: reason === null ? "pending" : "held",
          reason,
          created_at: now,
          next_at: reason === null ? now : null,
          attempts: 0,
          fifo: to.endpoint.fifo ? 1 : 0
        }
      }),
      (some) => sql`INSERT INTO outbox_delivery ${sql.insert(some)}`
    )
    return { fresh, deliveries }
  })

/**
 * One statement for all: a single way there and back, which is its own transaction where there is none around it. It
 * writes nothing if endpoints were changed since they were read; they are read again then.
 */
const insertAtOnce = (sql: SqlClient.SqlClient, endpoints: Endpoints): Insert => {
  const texts = (list: ReadonlyArray<string>) => sql`string_to_array(${list.join(between)}, ${between})`
  /** `d.place`: where its endpoint stands among those of the statement. */
  const deliver = (to: ReadonlyArray<Subscriber>) => {
    const reasons = sql`(${to.map((one) => heldBecause(one) ?? "")}::text[])[d.place::int]`
    return sql`INSERT INTO outbox_delivery
      (id, webhook_id, endpoint_id, announcement_id, status, reason, created_at, next_at, attempts, fifo)
      SELECT d.id, d.id, (${to.map(({ endpoint }) => endpoint.id)}::text[])[d.place::int], d.announcement_id,
        CASE WHEN ${reasons} = '' THEN 'pending' ELSE 'held' END, NULLIF(${reasons}, ''), held.now,
        CASE WHEN ${reasons} = '' THEN held.now END, 0,
        (${to.map(({ endpoint }) => (endpoint.fifo ? 1 : 0))}::int[])[d.place::int]`
  }

  const statement = (
    rows: ReadonlyArray<AnnouncementRow>,
    deliveries: ReadonlyArray<NewDelivery>,
    revision: string,
    now: number
  ) => {
    const held = sql`WITH held AS MATERIALIZED (
      SELECT ${String(now)}::bigint AS now FROM outbox_revision WHERE one = 1 AND revision = ${revision} FOR SHARE)`
    const columns = [
      texts(rows.map(({ id }) => id)),
      texts(rows.map(({ one }) => one.type)),
      texts(rows.map(({ one }) => one.text))
    ] as const
    const places = new Map<Subscriber, number>()
    for (const { to } of deliveries) if (!places.has(to)) places.set(to, places.size + 1)
    const made = sql`${deliver([...places.keys()])} FROM held CROSS JOIN unnest(
        ${texts(deliveries.map(({ id }) => id))}, ${texts(deliveries.map((one) => one.announcement.id))},
        ${texts(deliveries.map(({ to }) => String(places.get(to))))})
      WITH ORDINALITY AS d (id, announcement_id, place, line)`
    if (rows.every(({ one }) => one.key === null))
      return sql`${held}, said AS (INSERT INTO outbox_announcement (id, type, data, announced_at)
          SELECT a.id, a.type, a.data, held.now FROM held CROSS JOIN unnest(${sql.csv(columns)}) AS a (id, type, data)),
        made AS (${made} ORDER BY d.line)
        SELECT NULL AS id FROM held`
    // An array holds no NULL among texts that are all NULL: what has no key has the empty text.
    const keys = rows.map(({ one: { key } }) => (key === null ? "" : `k${key}`))
    return sql`${held}, said AS (INSERT INTO outbox_announcement (id, type, data, dedupe_key, announced_at)
        SELECT a.id, a.type, a.data, CASE WHEN a.key <> '' THEN substr(a.key, 2) END, held.now
        FROM held CROSS JOIN unnest(${sql.csv(columns)}, ${keys}::text[]) AS a (id, type, data, key)
        ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING RETURNING id),
      made AS (${made} JOIN said ON said.id = d.announcement_id ORDER BY d.line)
      SELECT said.id FROM held LEFT JOIN said ON true`
  }

  const some = Effect.fnUntraced(function* (
    rows: ReadonlyArray<AnnouncementRow>,
    to: Subscriber | undefined,
    now: number
  ) {
    while (true) {
      const { revision, subscribers } = endpoints.remembered()
      const deliveries = to === undefined ? deliveriesOf(rows, subscribers.values(), now) : toOne(rows, to, now)
      const found = yield* freshRows(statement(rows, deliveries, revision, now))
      if (found.length > 0) return { ids: found.flatMap(({ id }) => (id === null ? [] : [id])), deliveries }
      yield* endpoints.subscribers
    }
  })

  return Effect.fnUntraced(function* (rows, to, now) {
    const ids: Array<string> = []
    const deliveries: Array<NewDelivery> = []
    for (let from = 0; from < rows.length; from += chunk) {
      const part = yield* some(rows.slice(from, from + chunk), to, now)
      ids.push(...part.ids)
      deliveries.push(...part.deliveries)
    }
    return { fresh: rows.every(({ one }) => one.key === null) ? null : new Set(ids), deliveries }
  })
}

/** What has keys may meet another's keys in another order; of several statements each would be a transaction. */
const isOneStatement = (list: ReadonlyArray<Prepared>) => list.length <= chunk && list.every(({ key }) => key === null)

/** Neither JSON nor an id or a type holds this character: a text of all is read far faster than an array. */
const between = "\x1f"
const chunk = 1000
/** How much text takes as long to write as a row. */
const largeText = 4096

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
  return Effect.succeed(new Announced(type, text, key ?? null))
}

/** Its data are read only where somebody asks for them. */
class Announced implements Prepared {
  readonly type: string
  readonly text: string
  readonly key: string | null
  #data: { readonly value: unknown } | null = null

  constructor(type: string, text: string, key: string | null) {
    this.type = type
    this.text = text
    this.key = key
  }

  get data(): unknown {
    return (this.#data ??= { value: JSON.parse(this.text) }).value
  }
}

const idRows = rowsOf(Schema.Struct({ id: Schema.String }))
const freshRows = rowsOf(Schema.Struct({ id: Schema.NullOr(Schema.String) }))
const keyRows = rowsOf(Schema.Struct({ id: Schema.String, dedupe_key: Schema.String }))
