/**
 * Two kinds of transactions, neither of which holds up the process on SQLite, whose driver runs on its thread.
 *
 * `durable`, for announcing: is over when the disk has it. SQLite would wait for the disk within COMMIT, and nothing
 * else could happen meanwhile; so it commits without waiting, and its write-ahead log is flushed in the background
 * before anybody is told.
 *
 * `relaxed`, for the worker: a power cut that takes the last of its work back costs a repeated try with the same id,
 * which receivers are prepared for anyway. So it does not wait for the disk. A killed process loses nothing either way.
 */
import { Effect, Exit, Schema, type Scope } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import { open } from "node:fs/promises"
import { dirname } from "node:path"
import { rowsOf, Whole } from "./tables.ts"

export type Transaction = <A>(effect: Effect.Effect<A, SqlError.SqlError>) => Effect.Effect<A, SqlError.SqlError>

export interface Transactions {
  readonly durable: Transaction
  readonly relaxed: Transaction
}

export const makeTransactions = (
  sql: SqlClient.SqlClient
): Effect.Effect<Transactions, SqlError.SqlError, Scope.Scope> =>
  sql.onDialectOrElse({
    orElse: () => Effect.succeed<Transactions>({ durable: sql.withTransaction, relaxed: sql.withTransaction }),
    pg: () =>
      Effect.succeed<Transactions>({
        durable: sql.withTransaction,
        relaxed: (effect) => sql.withTransaction(Effect.andThen(sql`SET LOCAL synchronous_commit = off`, effect))
      }),
    sqlite: () => onSqlite(sql)
  })

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

  const relaxed = relaxedOn(sql, usual)
  const log = yield* openLog(main!.file)
  return { relaxed, durable: (effect) => Effect.tap(relaxed(effect), () => flush(log)) }
})

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

/** The setting belongs to the connection and cannot change within a transaction, so the connection is kept for both. */
const relaxedOn =
  (sql: SqlClient.SqlClient, usual: number): Transaction =>
  (effect) =>
    Effect.scoped(
      Effect.uninterruptible(
        Effect.gen(function* () {
          const connection = yield* sql.reserve
          const say = (text: string) => connection.executeUnprepared(text, [], undefined)
          yield* say(`PRAGMA synchronous = ${normal}`)
          return yield* Effect.gen(function* () {
            yield* say("BEGIN IMMEDIATE")
            const exit = yield* Effect.exit(Effect.provideService(effect, sql.transactionService, [connection, 0]))
            if (Exit.isFailure(exit)) {
              yield* say("ROLLBACK")
              return yield* exit
            }
            yield* Effect.onError(say("COMMIT"), () => Effect.ignore(say("ROLLBACK")))
            return exit.value
          }).pipe(Effect.ensuring(Effect.ignore(say(`PRAGMA synchronous = ${usual}`))))
        })
      )
    )

const normal = 1
const settingRows = rowsOf(Schema.Struct({ synchronous: Whole }))
const fileRows = rowsOf(Schema.Struct({ file: Schema.String }))
const modeRows = rowsOf(Schema.Struct({ journal_mode: Schema.String }))
