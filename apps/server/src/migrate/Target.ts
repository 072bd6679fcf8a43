/** The Postgres that a data folder moves to. */
import { makeTransactions, rowsOf, Whole } from "@tenterhook/sql"
import { openSender } from "@tenterhook/webhook"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Clock, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { migrateIdempotency } from "../http/idempotency.ts"
import { migrateKeys } from "../keys/tables.ts"
import { migrate } from "../store/tables.ts"
import { keptTables, type Row, type Shape, type Value } from "./keptTables.ts"
import { arrivalOf, type Move } from "./moved.ts"
import { MoveRefused } from "./MoveRefused.ts"
import { type Sum, sumIn } from "./rowSum.ts"

/** Makes or brings up to date its tables. A database that a later version made is refused. */
export const openTarget = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { durable, relaxed } = yield* makeTransactions(sql)
  yield* Effect.all([migrate, migrateKeys, migrateIdempotency], { discard: true })
  const sender = yield* Effect.acquireRelease(
    Effect.sync(() => openSender()),
    (sender) => Effect.promise(() => sender.close())
  )
  // Its tables come with it; without a worker it delivers nothing.
  yield* Effect.scoped(Layer.build(Outbox.layer({ sender })))

  const named = (names: ReadonlyArray<string>) => sql.literal(names.map((name) => `"${name}"`).join(", "))

  const versionOf = Effect.fnUntraced(function* (migrations: string) {
    const [row] = yield* latestRows(sql`SELECT max(migration_id) AS latest FROM ${sql(migrations)}`)
    return row!.latest
  })

  /** Which tables hold anything, with how many rows. */
  const held = Effect.gen(function* () {
    const counts = yield* Effect.forEach(
      keptTables.filter((table) => table !== "outbox_revision"),
      (table) =>
        Effect.map(countRows(sql`SELECT count(*) AS n FROM ${sql(table)}`), ([row]) => ({ table, rows: row!.n }))
    )
    return counts.filter(({ rows }) => rows > 0)
  })

  const refuseServed = Effect.gen(function* () {
    const living = yield* sql`SELECT id FROM server_process
      WHERE alive_at > extract(epoch FROM clock_timestamp()) * 1000 - ${livesMs}`
    if (living.length > 0)
      return yield* new MoveRefused({
        why: `the database: expected one that no server runs on, got one with ${living.length}; stop them, and start them when everything is there`
      })
  })

  /** Takes the database for this move: nothing is in it then. One that holds anything else is refused. */
  const begin = Effect.fnUntraced(
    function* ({ id }: Move, source: string) {
      yield* sql`CREATE TABLE IF NOT EXISTS arrival
        (one INTEGER PRIMARY KEY, id TEXT NOT NULL, source TEXT NOT NULL, began_at BIGINT NOT NULL, ended_at BIGINT)`
      yield* sql`LOCK TABLE arrival`
      yield* refuseServed
      const before = yield* arrivalOf
      if (before?.id === id) {
        if (before.ended_at !== null)
          return yield* new MoveRefused({
            why: `the data of ${source} was moved to this database at ${new Date(before.ended_at).toISOString()}, and is not moved over what came since; name an empty database`
          })
      } else if (before !== null && before.ended_at === null)
        return yield* new MoveRefused({
          why: `the database: expected an empty one, got one that ${before.source} is being moved to; bring that to its end, or name another database`
        })
      else {
        const holds = yield* held
        if (holds.length > 0)
          return yield* new MoveRefused({
            why: `the database: expected an empty one, got one that holds ${holds.map(({ table, rows }) => `${rows} of ${table}`).join(", ")}; name another database`
          })
      }
      yield* sql`TRUNCATE ${named(keptTables)}`
      yield* sql`INSERT INTO arrival (one, id, source, began_at) VALUES (1, ${id}, ${source}, ${yield* Clock.currentTimeMillis})
        ON CONFLICT (one) DO UPDATE SET id = excluded.id, source = excluded.source, began_at = excluded.began_at, ended_at = NULL`
    },
    (effect) => durable(effect)
  )

  /** Whatever was there under the same keys is replaced. */
  const write = ({ table, columns, key }: Shape, rows: ReadonlyArray<Row>) => {
    const names = columns.map(({ name }) => name)
    const others = names.filter((name) => !key.includes(name)).map((name) => `"${name}" = excluded."${name}"`)
    return relaxed(sql`INSERT INTO ${sql(table)} (${named(names)}) OVERRIDING SYSTEM VALUE
      SELECT ${named(names)} FROM json_populate_recordset(NULL::${sql(table)}, ${JSON.stringify(rows)}::json)
      ON CONFLICT (${named(key)}) DO UPDATE SET ${sql.literal(others.join(", "))}`)
  }

  /** Those that are there of these. */
  const remove = ({ table, key }: Shape, keys: ReadonlyArray<ReadonlyArray<Value>>) => {
    const gone = keys.map((values) => Object.fromEntries(key.map((name, n) => [name, values[n]])))
    const same = sql.and(key.map((name) => sql`t.${sql(name)} = gone.${sql(name)}`))
    return relaxed(sql`DELETE FROM ${sql(table)} t
      USING json_populate_recordset(NULL::${sql(table)}, ${JSON.stringify(gone)}::json) gone WHERE ${same}`)
  }

  /** New rows go on after it. */
  const setSeq = ({ table }: Shape, last: number) =>
    sql`SELECT setval(pg_get_serial_sequence(${table}, 'seq'), ${Math.max(last, 1)}::bigint, ${last > 0})`

  /** Of all rows of a table, as `sumOf` has it of the source's. */
  const sum = Effect.fnUntraced(
    function* (shape: Shape) {
      yield* sql`SET LOCAL statement_timeout = 0`
      const [row] = yield* sumRows(
        sql`SELECT count(*) AS rows, ${sql.literal(sumIn(shape))} AS total FROM ${sql(shape.table)}`
      )
      return row! as Sum
    },
    (effect) => sql.withTransaction(effect)
  )

  /** The disk has all that was written so far. */
  const settle = durable(sql`UPDATE arrival SET began_at = began_at`)

  /** From then on it is served. */
  const end = Effect.flatMap(Clock.currentTimeMillis, (now) => durable(sql`UPDATE arrival SET ended_at = ${now}`))

  return {
    versionOf,
    begin,
    write,
    remove,
    setSeq,
    sum,
    settle,
    end,
    arrival: Effect.provideService(arrivalOf, SqlClient.SqlClient, sql)
  }
})

export type Target = Effect.Success<typeof openTarget>

/** Longer than a server is silent. */
const livesMs = 10_000
const latestRows = rowsOf(Schema.Struct({ latest: Whole }))
const countRows = rowsOf(Schema.Struct({ n: Whole }))
const sumRows = rowsOf(Schema.Struct({ rows: Whole, total: Schema.String }))
