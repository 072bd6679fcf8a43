/**
 * What workers have taken to send. A lease holds the numbers of deliveries of one endpoint; it is kept alive by its worker
 * and runs out soon after that has ended or is frozen, so that others may take them. Its time is that of the database
 * where several machines share it, so that no clock of theirs matters.
 */
import { rowsOf } from "@tenterhook/sql"
import { Clock, Effect, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { randomUUID } from "node:crypto"

export interface Lease {
  readonly id: string
  readonly endpointId: string
  /** What is being sent with it, or has ended and is not written yet. Its worker keeps it, after each commit. */
  readonly open: Set<number>
}

/** Numbers of deliveries that are being sent. */
export type Taken = ReadonlyArray<number>

/** A lease as the database has it, whoever's it is. */
export interface Held {
  readonly id: string
  readonly endpointId: string
  readonly deliveries: Taken
}

export interface Leases {
  /** All of them. Those that ran out are ended first, except for those of tries that still run here. */
  readonly held: (mine: ReadonlySet<Lease>) => Effect.Effect<ReadonlyArray<Held>, SqlError.SqlError>
  /** Takes more of an endpoint: with the lease that is held, or with a new one. */
  readonly take: (endpointId: string, more: Taken, held: ReadonlyArray<Held>) => Effect.Effect<Lease, SqlError.SqlError>
  /** Takes out what has ended. Gives those that were still ours; nobody else records for them until the commit. */
  readonly release: (
    ended: ReadonlyMap<Lease, ReadonlySet<number>>
  ) => Effect.Effect<ReadonlySet<Lease>, SqlError.SqlError>
  /** To be called while tries run, more often than a lease lasts. */
  readonly renew: (mine: ReadonlySet<Lease>) => Effect.Effect<void, SqlError.SqlError>
  /** All that is being sent, by whatever worker that lives. */
  readonly all: Effect.Effect<Taken, SqlError.SqlError>
}

/** How long a lease lasts that is not renewed. */
export const defaultLeaseMs = 10_000

export const makeLeases = (sql: SqlClient.SqlClient, leaseMs: number): Leases => {
  const isPostgres = sql.onDialectOrElse({ orElse: () => false, pg: () => true })
  const time = Effect.map(Clock.currentTimeMillis, (now) =>
    isPostgres ? sql.literal("(extract(epoch FROM clock_timestamp()) * 1000)::bigint") : sql`${now}`
  )
  /** Of each endpoint the one that this worker used last. */
  const own = new Map<string, Lease>()
  const read = Effect.flatMap(time, (now) =>
    Effect.map(
      sql`SELECT id, endpoint_id, deliveries, CASE WHEN until <= ${now} THEN 1 ELSE 0 END AS over
      FROM outbox_lease`,
      leasesAsWritten
    )
  )

  const update = (leases: ReadonlyArray<readonly [Lease, Taken]>) =>
    isPostgres
      ? idRows(sql`UPDATE outbox_lease l SET deliveries = u.deliveries
          FROM unnest(${leases.map(([{ id }]) => id)}::text[],
            ${leases.map(([, left]) => JSON.stringify(left))}::text[]) AS u (id, deliveries)
          WHERE l.id = u.id RETURNING l.id`)
      : Effect.map(
          Effect.forEach(leases, ([{ id }, left]) =>
            idRows(sql`UPDATE outbox_lease SET deliveries = ${JSON.stringify(left)} WHERE id = ${id} RETURNING id`)
          ),
          (found) => found.flat()
        )

  return {
    held: Effect.fnUntraced(function* (mine) {
      const running = new Set([...mine].map(({ id }) => id))
      const all = yield* read
      const over = all.filter((row) => row.over && !running.has(row.id)).map(({ id }) => id)
      if (over.length === 0) return all
      const now = yield* time
      yield* sql`DELETE FROM outbox_lease WHERE ${sql.in("id", over)} AND until <= ${now}`
      return yield* read
    }),
    take: Effect.fnUntraced(function* (endpointId, more, held) {
      const lease = own.get(endpointId)
      // It may have run out, or was let go when all had ended.
      if (lease !== undefined && held.some(({ id }) => id === lease.id)) {
        const deliveries = JSON.stringify([...lease.open, ...more])
        const kept = yield* sql`UPDATE outbox_lease SET deliveries = ${deliveries} WHERE id = ${lease.id} RETURNING id`
        if (kept.length > 0) return lease
      }
      const fresh: Lease = { id: randomUUID(), endpointId, open: new Set() }
      own.set(endpointId, fresh)
      const now = yield* time
      yield* sql`INSERT INTO outbox_lease (id, endpoint_id, until, deliveries)
        VALUES (${fresh.id}, ${endpointId}, ${now} + ${leaseMs}, ${JSON.stringify(more)})`
      return fresh
    }),
    release: Effect.fnUntraced(function* (ended) {
      const left = [...ended].map(
        ([lease, over]) => [lease, [...lease.open].filter((number) => !over.has(number))] as const
      )
      const done = left.filter(([, open]) => open.length === 0).map(([{ id }]) => id)
      const going = left.filter(([, open]) => open.length > 0)
      const ours = new Set<string>()
      if (done.length > 0)
        for (const { id } of yield* idRows(sql`DELETE FROM outbox_lease WHERE ${sql.in("id", done)} RETURNING id`))
          ours.add(id)
      if (going.length > 0) for (const { id } of yield* update(going)) ours.add(id)
      return new Set([...ended.keys()].filter(({ id }) => ours.has(id)))
    }),
    // By their names: a lease of which its worker does not know, as a commit broke off, has to run out.
    renew: Effect.fnUntraced(function* (mine) {
      const now = yield* time
      const ids = [...mine].map(({ id }) => id)
      yield* sql`UPDATE outbox_lease SET until = ${now} + ${leaseMs} WHERE ${sql.in("id", ids)}`
    }),
    all: Effect.map(read, (rows) => rows.flatMap(({ deliveries, over }) => (over ? [] : deliveries)))
  }
}

/** A statement's list of numbers: `seq` is none of them. */
export const noneOf = (sql: SqlClient.SqlClient, taken: Taken) =>
  sql.onDialectOrElse({
    orElse: () => sql`d.seq NOT IN (SELECT value FROM json_each(${JSON.stringify(taken)}))`,
    pg: () => sql`d.seq <> ALL (${`{${taken.join(",")}}`}::bigint[])`
  })

const idRows = rowsOf(Schema.Struct({ id: Schema.String }))

/** They are read at each turn: a schema would take longer than all else. */
const leasesAsWritten = (rows: ReadonlyArray<object>) =>
  (rows as ReadonlyArray<Readonly<Record<string, string>>>).map((row) => ({
    id: row["id"]!,
    endpointId: row["endpoint_id"]!,
    deliveries: JSON.parse(row["deliveries"]!) as Taken,
    over: Number(row["over"]) === 1
  }))
