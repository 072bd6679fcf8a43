/** Writes announcements and, in the same transaction, a delivery for each endpoint that wants one. */
import { Clock, Effect, Exit, Option, Schema, Semaphore } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Endpoints } from "./Endpoints.ts"
import type { Subscriber } from "./Endpoint.ts"
import { mintId } from "./Id.ts"
import { type OutboxError, stored, unacceptable } from "./OutboxError.ts"
import { rowsOf } from "./tables.ts"
import type { Transaction } from "./transactions.ts"

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
   * that come at the same time share a commit.
   */
  readonly announce: (list: ReadonlyArray<Announcing>) => Effect.Effect<ReadonlyArray<string>, OutboxError>
  /** Within the transaction of the caller. `to`: only this endpoint, whatever it wants. */
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
  wake: () => void
): Announcer => {
  const turn = Semaphore.makeUnsafe(1)
  let waiting: Array<Waiting> = []

  const write = Effect.fnUntraced(function* (list: ReadonlyArray<Prepared>, to?: Subscriber) {
    const now = yield* Clock.currentTimeMillis
    const subscribers = to === undefined ? [...(yield* endpoints.subscribers).values()] : [to]
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
    list.forEach(({ type, data }, index) => {
      const { id: announcement_id } = rows[index]!
      if (!fresh.has(announcement_id)) return
      for (const { endpoint, wants } of subscribers) {
        if (to === undefined && !wants(type, data)) continue
        const id = mintId("msg", now)
        const held = endpoint.status === "disabled"
        deliveries.push({
          id,
          webhook_id: id,
          endpoint_id: endpoint.id,
          announcement_id,
          status: held ? "held" : "pending",
          reason: held ? `the endpoint is disabled: ${endpoint.reason ?? "no reason given"}` : null,
          created_at: now,
          next_at: held ? null : now,
          attempts: 0,
          leased_until: 0
        })
      }
    })
    yield* inChunks(deliveries, (some) => sql`INSERT INTO outbox_delivery ${sql.insert(some)}`)
    if (fresh.size === rows.length) return rows.map(({ id }) => id)
    const known = new Map<string, string>()
    const keys = list.flatMap(({ key }, index) => (key === null || fresh.has(rows[index]!.id) ? [] : [key]))
    const before = yield* inChunks(keys, (some) =>
      keyRows(sql`SELECT id, dedupe_key FROM outbox_announcement WHERE ${sql.in("dedupe_key", some)}`)
    )
    for (const { id, dedupe_key } of before) known.set(dedupe_key, id)
    return rows.map(({ id, dedupe_key }) => (fresh.has(id) ? id : known.get(dedupe_key!)!))
  })

  /** Whoever's turn it is writes for all who wait by then; they find it done when their turn comes. */
  const writeWaiting = Effect.suspend(() => {
    const batch = waiting
    waiting = []
    return Effect.map(Effect.exit(transaction(write(batch.flatMap(({ list }) => list)))), (exit) => {
      let from = 0
      for (const one of batch) {
        const first = from
        from += one.list.length
        one.exit = Exit.map(exit, (ids) => ids.slice(first, first + one.list.length))
      }
      if (Exit.isSuccess(exit)) wake()
    })
  })

  // Others that are about to announce are let in first: a commit takes as long for many as for one.
  const commit = Effect.andThen(Effect.yieldNow, Effect.uninterruptible(writeWaiting))

  const announce = Effect.fn("Outbox.announce")(function* (list: ReadonlyArray<Announcing>) {
    if (list.length === 0) return []
    const prepared: Array<Prepared> = []
    for (const one of list) prepared.push(yield* prepare(one))
    const inTransaction = Option.isSome(yield* Effect.serviceOption(sql.transactionService))
    if (inTransaction) {
      // It stands and falls with the caller's own work, and must not take anybody else's along.
      const ids = yield* stored("write the announcements")(write(prepared))
      yield* sql.afterCommit(Effect.sync(wake))
      return ids
    }
    const mine: Waiting = { list: prepared, exit: null }
    waiting.push(mine)
    yield* turn
      .withPermit(Effect.suspend(() => (mine.exit === null ? commit : Effect.void)))
      .pipe(Effect.onInterrupt(() => Effect.sync(() => void (waiting = waiting.filter((one) => one !== mine)))))
    return yield* stored("write the announcements")(mine.exit!)
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

/** A statement has room for so many values only. */
export const inChunks = <A, B, E, R>(
  list: ReadonlyArray<A>,
  each: (some: [A, ...Array<A>]) => Effect.Effect<ReadonlyArray<B>, E, R>
): Effect.Effect<Array<B>, E, R> =>
  Effect.gen(function* () {
    const all: Array<B> = []
    for (let from = 0; from < list.length; from += chunk)
      all.push(...(yield* each(list.slice(from, from + chunk) as [A, ...Array<A>])))
    return all
  })

interface Waiting {
  readonly list: ReadonlyArray<Prepared>
  exit: Exit.Exit<ReadonlyArray<string>, SqlError.SqlError> | null
}

const chunk = 400
const idRows = rowsOf(Schema.Struct({ id: Schema.String }))
const keyRows = rowsOf(Schema.Struct({ id: Schema.String, dedupe_key: Schema.String }))
