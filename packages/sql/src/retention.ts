/** What is old goes in small steps: on SQLite nobody else writes during one, and everybody may between two. */
import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { Transaction } from "./transactions.ts"

export interface Deletion {
  readonly table: string
  /** A column that names a row. */
  readonly key: string
  /** Best one that an index answers, as it is asked for each step: `sql\`at < ${before}\``. */
  readonly where: Statement.Fragment
  /** Rows of one step. Default: 500. */
  readonly size?: number
  /** Each step is one. Default: a statement without any. */
  readonly transaction?: Transaction
}

/** Gives how many rows are gone. Where there is nothing to delete, nothing is locked. */
export const deleteInBatches = (
  sql: SqlClient.SqlClient,
  { table, key, where, size = 500, transaction }: Deletion
): Effect.Effect<number, SqlError.SqlError> =>
  Effect.suspend(() => {
    let gone = 0
    const some = sql<{ key: unknown }>`SELECT ${sql(key)} AS key FROM ${sql(table)} WHERE ${where} LIMIT ${size}`
    const step = Effect.gen(function* () {
      const keys = (yield* some).map((row) => row.key as string | number)
      if (keys.length === 0) return false
      const deletion = sql`DELETE FROM ${sql(table)} WHERE ${sql.in(key, keys)} AND ${where}`
      yield* transaction === undefined ? deletion : transaction(deletion)
      gone += keys.length
      return keys.length === size
    })
    return Effect.map(repeatedly(step), () => gone)
  })

/** Until it says that nothing is left, with a pause each time in which others get the database. */
export const repeatedly = <E, R>(step: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(step, (more) => (more ? Effect.andThen(pause, repeatedly(step)) : Effect.void))

/** Not on Effect's clock: other processes need real time. */
const pause = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), pauseMs)
  return Effect.sync(() => clearTimeout(timer))
})

const pauseMs = 2
