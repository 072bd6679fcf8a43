/** The client, its layer and its migrations. */
import { Effect, Layer, Semaphore } from "effect"
import { Reactivity } from "effect/reactivity"
import { Migrator, SqlClient, SqlError, Statement } from "effect/sql"
import { openConnection, type SqliteConnection } from "./SqliteConnection.ts"

export interface SqliteOptions {
  /** A file, made where it is not there, or `:memory:`. */
  readonly filename: string
  /** `FULL` keeps every commit through a power cut; `NORMAL` may lose the last ones, never the database. Default FULL. */
  readonly synchronous?: "FULL" | "NORMAL"
  /** How long a statement waits for another process's lock, in milliseconds. Default 10 000. */
  readonly busyTimeoutMs?: number
}

/** One connection, closed with the scope. One statement or transaction runs at a time; the others wait in line. */
export const make = Effect.fnUntraced(function* (options: SqliteOptions) {
  const connection = yield* openConnection(options)
  const semaphore = yield* Semaphore.make(1)
  const acquirers = SqlClient.makeSqliteAcquirers<SqliteConnection>({
    connection: Effect.succeed(connection),
    semaphore,
    isTransaction: (one) => one.inTransaction()
  })
  return yield* SqlClient.make({
    ...acquirers,
    compiler: Statement.makeCompilerSqlite(),
    driver: "node-sqlite",
    spanAttributes: [["db.system.name", "sqlite"]],
    // Taking the write lock at once: a transaction that reads first could not wait for it later.
    beginTransaction: "BEGIN IMMEDIATE",
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
  })
})

export const layer = (options: SqliteOptions): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))

/** Runs the migrations that were not run yet, in order of their number: `{ "0001_tables": effect, … }`. */
export const migrate = (
  migrations: Record<string, Effect.Effect<void, unknown, SqlClient.SqlClient>>,
  table: string
): Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.asVoid(Migrator.make({})({ loader: Migrator.fromRecord(migrations), table }))
