import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { hasPostgres, type Postgres, startPostgres } from "@tenterhook/testing-postgres"
import { Cause, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { createServer } from "node:net"
import { NoDatabase, PostgresClient } from "../src/index.ts"

let postgres: Postgres
beforeAll(async () => {
  if (hasPostgres()) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const client = (options: Partial<Parameters<typeof PostgresClient.layer>[0]> = {}) =>
  Layer.fresh(PostgresClient.layer({ url: postgres.url, ...options }))

const refusal = (url: string, waitMs = 300) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(Effect.provide(SqlClient.SqlClient, client({ url, waitMs })))
    assert.isTrue(Exit.isFailure(exit))
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : null
    assert.instanceOf(error, NoDatabase)
    return (error as NoDatabase).message
  })

describe.runIf(hasPostgres())("a database", () => {
  it.live("that is not up yet is waited for", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => postgres.kill())
      const opening = yield* Effect.forkChild(
        Effect.provide(
          SqlClient.SqlClient.use((sql) => sql`SELECT 1 AS one`),
          client()
        )
      )
      yield* Effect.sleep(300)
      yield* Effect.promise(() => postgres.restart())
      assert.deepStrictEqual(yield* Fiber.join(opening), [{ one: 1 }])
    })
  )

  it.live("that cannot be used is told in a sentence, without the password", () =>
    Effect.gen(function* () {
      const at = `127.0.0.1:${postgres.port}`
      assert.strictEqual(
        yield* refusal(`postgres://postgres:secret@${at}/gone`),
        `expected a Postgres database at ${at}/gone, but database "gone" does not exist`
      )
      assert.include(yield* refusal(`postgres://nobody:secret@${at}/postgres`), `but role "nobody" does not exist`)
      assert.include(
        yield* refusal("mysql://a:secret@b/c"),
        "not of the form postgres://user:password@host:port/database"
      )
      const closed = yield* Effect.promise(closedPort)
      const late = yield* refusal(`postgres://postgres:secret@127.0.0.1:${closed}/postgres`)
      assert.match(late, /which did not come up within 0 s: .*ECONNREFUSED/)
      assert.notInclude(late, "secret")
    })
  )

  it.live("that crashes fails what runs, and is used again when it is back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE IF NOT EXISTS kept (n INTEGER)`
      yield* sql`INSERT INTO kept VALUES (1)`
      const running = yield* Effect.forkChild(sql`SELECT pg_sleep(20)`, { startImmediately: true })
      const writing = yield* Effect.forkChild(
        sql.withTransaction(Effect.andThen(sql`INSERT INTO kept VALUES (2)`, sql`SELECT pg_sleep(20)`)),
        { startImmediately: true }
      )
      yield* Effect.sleep(200)
      yield* Effect.promise(() => postgres.kill())
      // Its other processes end once they notice; what they ran ends with them.
      yield* Effect.promise(() => postgres.restart())
      for (const fiber of [running, writing]) assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(yield* sql`SELECT n FROM kept`, [{ n: 1 }])
    }).pipe(Effect.provide(client()))
  )
})

describe.runIf(hasPostgres())("two transactions that wait for each other", () => {
  it.live("both go through", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE pair (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)`
      yield* sql`INSERT INTO pair VALUES (1, 0), (2, 0)`
      let tries = 0
      let holding = 0
      const met = yield* Deferred.make<void>()
      const add = (id: number) => sql`UPDATE pair SET n = n + 1 WHERE id = ${id}`
      const both = (first: number, second: number) =>
        sql.withTransaction(
          Effect.gen(function* () {
            tries++
            yield* add(first)
            // Each has what the other will ask for.
            if (++holding === 2) yield* Deferred.succeed(met, undefined)
            yield* Deferred.await(met)
            // A savepoint does not help: the whole is run again.
            yield* sql.withTransaction(add(second))
          })
        )
      yield* Effect.all([both(1, 2), both(2, 1)], { concurrency: "unbounded" })
      assert.strictEqual(tries, 3)
      assert.deepStrictEqual(yield* sql`SELECT id, n FROM pair ORDER BY id`, [
        { id: 1, n: 2 },
        { id: 2, n: 2 }
      ])
    }).pipe(Effect.provide(client()))
  )
})

const closedPort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
