import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { SqlClient } from "effect/sql"
import { Keys } from "../../src/keys/Keys.ts"
import { openKeys } from "../../src/keys/openKeys.ts"
import { migrateKeys } from "../../src/keys/tables.ts"
import { dirname } from "node:path"

const on = ({ client }: Database) =>
  Keys.layer.pipe(Layer.provideMerge(Layer.effectDiscard(migrateKeys)), Layer.provideMerge(client))

describe.each(databases)("on $name", (engine) => {
  const withKeys = <A, E>(test: Effect.Effect<A, E, Keys | SqlClient.SqlClient>) =>
    Effect.scoped(Effect.flatMap(engine.database, (database) => Effect.provide(test, on(database))))

  describe("keys", () => {
    it.effect("are found by themselves, and only their hash is at rest", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          assert.isTrue(yield* keys.isEmpty)
          const made = yield* keys.create({ name: "ci", scopes: ["fires:write", "fires:read", "fires:write"] })
          assert.match(made.key, /^th_[\w-]{49}$/)
          assert.deepStrictEqual(yield* keys.find(made.key), { keyId: made.id, scopes: ["fires:write", "fires:read"] })
          assert.isFalse(yield* keys.isEmpty)
          const rows = yield* (yield* SqlClient.SqlClient)`SELECT id, name, scopes, hash FROM server_key`
          assert.notInclude(JSON.stringify(rows), made.key.slice(3, 40))
          assert.notInclude(JSON.stringify(yield* keys.list), made.key.slice(3, 40))
        })
      )
    )

    it.effect("without scopes may do all", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const made = yield* keys.create({})
          assert.deepStrictEqual((yield* keys.find(made.key))!.scopes, ["*"])
        })
      )
    )

    it.effect("with an unknown scope are refused, with the known ones", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const error = yield* Effect.flip(keys.create({ scopes: ["fires:write", "fire:write"] }))
          assert.include(error.message, `got "fire:write"; the scopes are *, agents:read,`)
          assert.isTrue(yield* keys.isEmpty)
        })
      )
    )

    it.effect("that are none, or nobody's, are not found", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const { key } = yield* keys.create({})
          const other = key.slice(0, 20) + (key[20] === "a" ? "b" : "a") + key.slice(21)
          for (const text of ["", "th_", key.slice(1), `${key}a`, other, key.toUpperCase(), "th_" + "é".repeat(49)]) {
            assert.isNull(yield* keys.find(text), text)
          }
        })
      )
    )

    it.effect("that were revoked are not found from then on", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const { key, id } = yield* keys.create({})
          assert.isNotNull(yield* keys.find(key))
          yield* keys.revoke(id)
          assert.isNull(yield* keys.find(key))
        })
      )
    )

    it.effect("are a closed folder when all were revoked, not an empty one", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const { id } = yield* keys.create({})
          const revoked = yield* keys.revoke(id)
          assert.isNotNull(revoked.revokedAt)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(yield* keys.revoke(id), revoked)
          assert.isFalse(yield* keys.isEmpty)
          const error = yield* Effect.flip(keys.revoke("key_none"))
          assert.strictEqual(error.message, `expected the id of a key, got "key_none", which there is none of`)
        })
      )
    )

    it.effect("know to the minute when they were used", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const { key } = yield* keys.create({})
          const lastUse = Effect.map(keys.list, ([one]) => one!.lastUsedAt)
          assert.isNull(yield* lastUse)
          yield* TestClock.adjust("10 seconds")
          yield* keys.find(key)
          assert.strictEqual(yield* lastUse, 10_000)
          yield* TestClock.adjust("59 seconds")
          yield* keys.find(key)
          assert.strictEqual(yield* lastUse, 10_000)
          yield* TestClock.adjust("2 seconds")
          yield* keys.find(key)
          assert.strictEqual(yield* lastUse, 71_000)
        })
      )
    )

    it.effect("are asked of the database once a second at most", () =>
      withKeys(
        Effect.gen(function* () {
          const keys = yield* Keys
          const sql = yield* SqlClient.SqlClient
          const { key } = yield* keys.create({})
          yield* keys.find(key)
          // Nobody can ask it any more, so whoever is found now was remembered.
          yield* sql`ALTER TABLE server_key RENAME TO elsewhere`
          yield* TestClock.adjust(999)
          assert.isNotNull(yield* keys.find(key))
          yield* TestClock.adjust(1)
          assert.strictEqual((yield* Effect.flip(keys.find(key)))._tag, "SqlError")
        })
      )
    )
  })

  describe("the keys of a server", () => {
    it.live("are made and ended beside a running server", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const database = yield* engine.database
          const server = Effect.gen(function* () {
            const keys = yield* Keys
            const beside = openKeys(
              engine.name === "postgres" ? { databaseUrl: database.place } : { data: dirname(database.place) }
            )
            const { key, id } = yield* Effect.promise(() => beside.create({ name: "beside" }))
            assert.isNotNull(yield* keys.find(key))
            yield* Effect.promise(() => beside.revoke(id))
            const until = Date.now() + 60_000
            while ((yield* keys.find(key)) !== null) {
              assert.isBelow(Date.now(), until, "a revoked key stops soon")
              yield* Effect.sleep(20)
            }
            assert.strictEqual((yield* Effect.promise(() => beside.list()))[0]!.name, "beside")
            yield* Effect.promise(() => beside.close())
          })
          yield* Effect.provide(server, on(database))
        })
      )
    )
  })
})
