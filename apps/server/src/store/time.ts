/** The time that records go by. */
import { rowsOf, Whole } from "@tenterhook/sql"
import { Clock, Effect, Schema } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"

/**
 * Now, in epoch milliseconds, for a statement. Those who share a Postgres go by its clock: their own may differ, and
 * what one of them wrote is compared by another. What nobody else has goes by the clock of the process.
 */
export const nowIn = (sql: SqlClient.SqlClient): Effect.Effect<Statement.Fragment> =>
  sql.onDialectOrElse({
    orElse: () => Effect.map(Clock.currentTimeMillis, (now) => sql`${now}`),
    pg: () => Effect.succeed(postgresNow(sql))
  })

/** The same as a number. */
export const currentTime = (sql: SqlClient.SqlClient): Effect.Effect<number, SqlError.SqlError> =>
  sql.onDialectOrElse({
    orElse: () => Clock.currentTimeMillis,
    pg: () => Effect.map(nowRows(sql`SELECT ${postgresNow(sql)} AS now`), ([row]) => row!.now)
  })

/** Not that of the transaction's begin. As a query of its own it is asked for once, so that an index answers. */
const postgresNow = (sql: SqlClient.SqlClient) =>
  sql.literal("(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint)")
const nowRows = rowsOf(Schema.Struct({ now: Whole }))
