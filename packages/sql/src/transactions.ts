/**
 * Two kinds of transactions, neither of which holds up the process on SQLite, whose driver runs on its thread.
 *
 * `durable`: is over when the disk has it. SQLite would wait for the disk within COMMIT, and nothing else could happen
 * meanwhile; so it commits without waiting, and its write-ahead log is flushed in the background before anybody is told.
 *
 * `relaxed`: does not wait for the disk, for work of which a power cut may take the last back. A killed process loses
 * nothing either way.
 *
 * Both are transactions of the client: `sql.afterCommit` waits for them, and `sql.withTransaction` within them is a
 * savepoint. So is one of them within another transaction; how that one ends decides.
 */
import { Effect, Exit, Option, Schema, Scope } from "effect"
import { type SqlClient, type SqlConnection, SqlError } from "effect/sql"
import { open } from "node:fs/promises"
import { dirname } from "node:path"
import { rowsOf, Whole } from "./rows.ts"

export type Transaction = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>

export interface Transactions {
  readonly durable: Transaction
  readonly relaxed: Transaction
}

/** The scope is that of the client: what has been committed is flushed as long as it is open. */
export const makeTransactions = (
  sql: SqlClient.SqlClient
): Effect.Effect<Transactions, SqlError.SqlError, Scope.Scope> =>
  sql.onDialectOrElse({
    orElse: () => Effect.succeed<Transactions>({ durable: sql.withTransaction, relaxed: sql.withTransaction }),
    pg: () => Effect.succeed<Transactions>({ durable: sql.withTransaction, relaxed: onPostgres(sql) }),
    sqlite: () => onSqlite(sql)
  })

/** Within another transaction the setting would be that one's as well, which may have to wait. */
const onPostgres =
  (sql: SqlClient.SqlClient): Transaction =>
  (effect) =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (outer) =>
      sql.withTransaction(
        Option.isSome(outer) ? effect : Effect.andThen(sql`SET LOCAL synchronous_commit = off`, effect)
      )
    )

const onSqlite = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient
): Effect.fn.Return<Transactions, SqlError.SqlError, Scope.Scope> {
  const [row] = yield* settingRows(sql`PRAGMA synchronous`)
  const [main] = yield* fileRows(sql`SELECT file FROM pragma_database_list WHERE name = 'main'`)
  const [mode] = yield* modeRows(sql`PRAGMA journal_mode`)
  const usual = row!.synchronous
  // Whoever opened it asked for less than we would do, or there is no file to flush.
  if (usual <= normal || main!.file === "" || mode!.journal_mode !== "wal")
    return { durable: sql.withTransaction, relaxed: sql.withTransaction }

  const log = yield* openLog(main!.file)
  return { durable: unwaiting(sql, usual, flush(log)), relaxed: unwaiting(sql, usual, Effect.void) }
})

/**
 * A transaction whose COMMIT does not wait for the disk. `settle` runs when it is committed and others have the
 * connection again, before anybody is told.
 */
const unwaiting =
  (sql: SqlClient.SqlClient, usual: number, settle: Effect.Effect<void, SqlError.SqlError>): Transaction =>
  (effect) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        if (Option.isSome(yield* Effect.serviceOption(sql.transactionService)))
          return yield* restore(sql.withTransaction(effect))
        const scope = yield* Scope.make()
        let settled: Exit.Exit<void, SqlError.SqlError> = Exit.void
        const over = Effect.andThen(
          Scope.close(scope, Exit.void),
          Effect.map(Effect.exit(settle), (exit) => void (settled = exit))
        )
        const whole = Effect.gen(function* () {
          // The setting belongs to the connection and cannot change within a transaction, so it is kept for both.
          const connection = yield* Scope.provide(restore(sql.reserve), scope)
          yield* Scope.addFinalizer(scope, Effect.ignore(say(connection, usual)))
          yield* say(connection, normal)
          // The first to hear of the commit, so that the others find the connection free.
          const registered = Effect.andThen(sql.afterCommit(over), effect)
          // Of depth -1: a connection, and no transaction on it yet.
          return yield* restore(sql.withTransaction(registered)).pipe(
            Effect.provideService(sql.transactionService, [connection, -1])
          )
        })
        const value = yield* Effect.onExit(whole, (exit) => Scope.close(scope, exit))
        yield* settled
        return value
      })
    )

const say = (connection: SqlConnection.Connection, synchronous: number) =>
  connection.executeUnprepared(`PRAGMA synchronous = ${synchronous}`, [], undefined)

/** The log exists as long as the database is open, and the folder's entry for it is made to last as well. */
const openLog = (file: string) =>
  Effect.acquireRelease(
    attempt(async () => {
      const folder = await open(dirname(file), "r")
      await folder.sync().finally(() => folder.close())
      return open(`${file}-wal`, "r+")
    }),
    (log) => Effect.promise(() => log.close())
  )

const flush = (log: { datasync: () => Promise<void> }) => attempt(() => log.datasync())

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, SqlError.SqlError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new SqlError.SqlError({
        reason: new SqlError.UnknownError({
          cause,
          message: "the write-ahead log cannot be flushed",
          operation: "flush"
        })
      })
  })

const normal = 1
const settingRows = rowsOf(Schema.Struct({ synchronous: Whole }))
const fileRows = rowsOf(Schema.Struct({ file: Schema.String }))
const modeRows = rowsOf(Schema.Struct({ journal_mode: Schema.String }))
