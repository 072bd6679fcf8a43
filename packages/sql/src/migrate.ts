/** Tables, made or brought up to date. */
import { Effect, Schema } from "effect"
import { Migrator, SqlClient, type SqlError } from "effect/sql"
import { rowsOf, Whole } from "./rows.ts"

/**
 * Runs those that were not run yet, in order of their number: `{ "0001_tables": effect, … }`. Several processes may do
 * so at once. A database that a later version brought up to date is refused: what it holds may mean something else.
 */
export const migrate = (
  table: string,
  migrations: Record<string, Effect.Effect<void, unknown, SqlClient.SqlClient>>
): Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* latestRows(sql`SELECT max(migration_id) AS latest FROM ${sql(table)}`)
    const known = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))
    if (row!.latest <= known) return
    const message = `a later version of Tenterhook made this database: expected ${table} at ${known} at most, found ${row!.latest}; start that version, or name another place`
    return yield* new Migrator.MigrationError({ kind: "BadState", message })
  })

const latestRows = rowsOf(Schema.Struct({ latest: Whole }))
