/**
 * Transactions of the worker. What they write is only who is sending what, and what was sent: a power cut that takes
 * the last of them back costs a repeated try with the same id, which is what receivers are prepared for anyway. So they
 * do not wait for the disk, as announcing does. A killed process loses nothing either way.
 */
import { Effect, Exit, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { rowsOf, Whole } from "./tables.ts"

export type Transaction = <A>(effect: Effect.Effect<A, SqlError.SqlError>) => Effect.Effect<A, SqlError.SqlError>

export const makeRelaxed = (sql: SqlClient.SqlClient): Effect.Effect<Transaction, SqlError.SqlError> =>
  sql.onDialectOrElse({
    orElse: () => Effect.succeed<Transaction>(sql.withTransaction),
    pg: () =>
      Effect.succeed<Transaction>((effect) =>
        sql.withTransaction(Effect.andThen(sql`SET LOCAL synchronous_commit = off`, effect))
      ),
    sqlite: () =>
      Effect.map(synchronousRows(sql`PRAGMA synchronous`), ([row]): Transaction => {
        const usual = row!.synchronous
        return usual <= normal ? sql.withTransaction : onSqlite(sql, usual)
      })
  })

/** The setting belongs to the connection and cannot change within a transaction, so the connection is kept for both. */
const onSqlite =
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
const synchronousRows = rowsOf(Schema.Struct({ synchronous: Whole }))
