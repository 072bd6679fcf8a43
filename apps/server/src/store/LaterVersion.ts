/** A database that a later version of this server has had: nothing is done to it that the later one may not expect. */
import { rowsOf, Whole } from "@tenterhook/sql"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"

export class LaterVersion extends Schema.TaggedError<LaterVersion>()("LaterVersion", {
  table: Schema.String,
  found: Schema.Int,
  known: Schema.Int
}) {
  override get message() {
    return `the database is a later version's: expected at most migration ${this.known} in ${this.table}, found ${this.found}; start the version that made it, or a newer one`
  }
}

/** Before anything is migrated. `known` says, by table of migrations, how many of them there are here. */
export const refuseLaterVersion = (known: Readonly<Record<string, number>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const [table, count] of Object.entries(known)) {
      // A table that is not there yet has no rows.
      const rows = yield* Effect.catchTag(
        newestRows(sql`SELECT max(migration_id) AS newest FROM ${sql(table)}`),
        "SqlError",
        () => Effect.succeed([])
      )
      const found = rows[0]?.newest ?? 0
      if (found > count) return yield* new LaterVersion({ table, found, known: count })
    }
  })

const newestRows = rowsOf(Schema.Struct({ newest: Schema.NullOr(Whole) }))
