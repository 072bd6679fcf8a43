/** Each of them makes databases for tests: a file of SQLite's, or one on the Postgres that all tests share. */
import { PostgresClient } from "@tenterhook/postgres"
import { SqliteClient } from "@tenterhook/sqlite"
import { hasPostgres } from "@tenterhook/testing-postgres"
import { Effect, Layer, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sharedPostgres } from "./sharedPostgres.ts"

export interface Engine {
  readonly name: "sqlite" | "postgres"
  /** An empty one, which goes with the scope or with Postgres. */
  readonly database: Effect.Effect<Database, never, Scope.Scope>
}

export interface Database {
  /** A file of SQLite's, or the URL of Postgres. */
  readonly place: string
  /** Another client each time that it is built. */
  readonly client: Layer.Layer<SqlClient.SqlClient>
}

const sqlite: Engine = {
  name: "sqlite",
  database: Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "tenterhook-database-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    ),
    (folder) => {
      const place = join(folder, "server.db")
      return { place, client: Layer.fresh(Layer.orDie(SqliteClient.layer({ filename: place }))) }
    }
  )
}

const postgres: Engine = {
  name: "postgres",
  database: Effect.gen(function* () {
    const url = yield* Effect.promise(sharedPostgres)
    const name = `test_${randomUUID().replaceAll("-", "")}`
    const admin = SqlClient.SqlClient.use((sql) => sql.unsafe(`CREATE DATABASE ${name}`))
    yield* Effect.orDie(Effect.provide(admin, Layer.fresh(clientOf(url))))
    const place = new URL(`/${name}`, url).href
    return { place, client: Layer.fresh(clientOf(place)) }
  })
}

/** Postgres is left out where there is none for the machine; whoever wants it in any case sets `TENTERHOOK_TEST_POSTGRES`. */
export const databases: ReadonlyArray<Engine> =
  hasPostgres() || process.env["TENTERHOOK_TEST_POSTGRES"] !== undefined ? [sqlite, postgres] : [sqlite]

const clientOf = (url: string) => Layer.orDie(PostgresClient.layer({ url }))
