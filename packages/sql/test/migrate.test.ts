import { assert, describe, it } from "@effect/vitest"
import { migrate } from "@tenterhook/sql"
import { databases } from "@tenterhook/testing-databases"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { place } from "./place.ts"

const make = (name: string) =>
  SqlClient.SqlClient.use((sql) => Effect.asVoid(sql`CREATE TABLE ${sql(name)} (n INTEGER)`))
const first = { "0001_one": make("one") }
const second = { ...first, "0002_two": make("two") }

describe.each(databases)("on $name", (engine) => {
  it.effect("runs what was not run yet, once, whoever comes at the same time", () =>
    Effect.gen(function* () {
      const { sql, other } = yield* place(engine)
      const here = (client: SqlClient.SqlClient) =>
        Effect.provideService(migrate("version", second), SqlClient.SqlClient, client)
      yield* Effect.provideService(migrate("version", first), SqlClient.SqlClient, sql)
      yield* Effect.all([here(sql), here(other)], { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* sql`SELECT n FROM two`, [])
    })
  )

  it.effect("refuses what a later version made", () =>
    Effect.gen(function* () {
      const { sql } = yield* place(engine)
      yield* migrate("version", second).pipe(Effect.provideService(SqlClient.SqlClient, sql))
      const older = migrate("version", first).pipe(Effect.provideService(SqlClient.SqlClient, sql))
      const error = yield* Effect.flip(older)
      assert.include(error.message, "a later version of Tenterhook made this database")
    })
  )
})
