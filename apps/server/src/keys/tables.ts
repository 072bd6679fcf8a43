/** Where keys are kept: never themselves, only the SHA-256 of each. Times are epoch milliseconds, lists are JSON texts. */
import { migrate } from "@tenterhook/sql"
import { Effect } from "effect"
import { type Migrator, SqlClient, type SqlError } from "effect/sql"

const table = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const sequence = sql.literal(
    sql.onDialectOrElse({
      orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT",
      pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    })
  )
  yield* sql`CREATE TABLE server_key (
    seq ${sequence},
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    scopes TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
  )`
})

const keyMigrations = { "0001_keys": table }

/** Makes or brings up to date what is there. Several processes may do so at once. */
export const migrateKeys: Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =
  Effect.suspend(() => migrate("server_key_migration", keyMigrations))
