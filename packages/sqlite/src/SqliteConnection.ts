/** A connection of effect/sql over `node:sqlite`: binding, prepared statements, errors, waiting for locks. */
import { Effect, Schedule, type Scope, Stream } from "effect"
import { type SqlConnection, SqlError } from "effect/sql"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import type { SqliteOptions } from "./SqliteClient.ts"

export interface SqliteConnection extends SqlConnection.Connection {
  readonly inTransaction: () => boolean
}

export const openConnection = Effect.fnUntraced(function* (
  options: SqliteOptions
): Effect.fn.Return<SqliteConnection, SqlError.SqlError, Scope.Scope> {
  const database = yield* Effect.acquireRelease(
    attempt("open", () => new DatabaseSync(options.filename)),
    (database) => Effect.sync(() => database.close())
  )
  const waiting = waitForLocks(options.busyTimeoutMs ?? 10_000)
  yield* waiting(
    attempt("open", () => {
      // The thread is not blocked for longer than this; the rest of the wait is Effect's.
      database.exec(`PRAGMA busy_timeout = ${blockedMs}`)
      database.exec("PRAGMA journal_mode = WAL")
      database.exec(`PRAGMA synchronous = ${options.synchronous ?? "FULL"}`)
      database.exec("PRAGMA foreign_keys = ON")
    })
  )

  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) {
      prepared.delete(sql)
      prepared.set(sql, known)
      return known
    }
    const statement = database.prepare(sql)
    prepared.set(sql, statement)
    if (prepared.size > maxPrepared) prepared.delete(prepared.keys().next().value!)
    return statement
  }

  const run = (
    statementOf: (sql: string) => StatementSync,
    sql: string,
    params: ReadonlyArray<unknown>,
    arrays: boolean
  ) =>
    waiting(
      attempt("execute", () => {
        const statement = statementOf(sql)
        // Sticks to a cached statement, so it is set before each call.
        statement.setReturnArrays(arrays)
        return statement.all(...params.map(bound)) as unknown as ReadonlyArray<any>
      })
    )
  const unprepared = (sql: string) => database.prepare(sql)

  return {
    inTransaction: () => database.isTransaction,
    execute: (sql, params, transformRows) => Effect.map(run(prepare, sql, params, false), transformRows ?? same),
    executeRaw: (sql, params) => waiting(attempt("execute", () => prepare(sql).run(...params.map(bound)))),
    executeValues: (sql, params) => run(prepare, sql, params, true),
    executeValuesUnprepared: (sql, params) => run(unprepared, sql, params, true),
    executeUnprepared: (sql, params, transformRows) =>
      Effect.map(run(unprepared, sql, params, false), transformRows ?? same),
    executeStream: (sql, params, transformRows) =>
      Stream.fromIteratorSucceed<any>(rowsOf(database, sql, params)).pipe(
        Stream.mapArray((rows) => (transformRows === undefined ? rows : (transformRows(rows) as typeof rows))),
        Stream.catchDefect((defect) => Stream.fail(failed("stream", defect)))
      )
  }
})

/** A statement of its own: a cached one could be asked again while its rows are still being read. */
const rowsOf = function* (database: DatabaseSync, sql: string, params: ReadonlyArray<unknown>) {
  yield* database.prepare(sql).iterate(...params.map(bound))
}

const attempt = <A>(operation: string, run: () => A) =>
  Effect.try({ try: run, catch: (cause) => failed(operation, cause) })

/** node:sqlite has its result code in `errcode`; effect/sql looks for it in `errno`. */
const failed = (operation: string, cause: unknown): SqlError.SqlError => {
  if (cause instanceof Error && "errcode" in cause) Object.assign(cause, { errno: cause.errcode })
  const message = cause instanceof Error ? cause.message : String(cause)
  return new SqlError.SqlError({ reason: SqlError.classifySqliteError(cause, { message, operation }) })
}

const waitForLocks = (limitMs: number) => {
  const schedule = Schedule.spaced(retryMs).pipe(Schedule.upTo({ duration: limitMs }))
  return <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.retry(effect, { schedule, while: (error) => error.reason._tag === "LockTimeoutError" })
}

/** What `node:sqlite` cannot bind: booleans, dates and `undefined`. */
const bound = (value: unknown): SQLInputValue => {
  if (value === undefined) return null
  if (typeof value === "boolean") return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  return value as SQLInputValue
}

const same = <A>(rows: A): A => rows
const blockedMs = 50
const retryMs = 20
const maxPrepared = 256
