import { assert, describe, it } from "@effect/vitest"
import { databases } from "@tenterhook/testing-databases"
import { Effect, Fiber } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { place } from "./place.ts"

/** Whether a commit waits for the disk, in the words of the database. */
const waits = (sql: SqlClient.SqlClient): Effect.Effect<unknown, SqlError.SqlError> =>
  sql.onDialectOrElse({
    orElse: () => Effect.map(sql`PRAGMA synchronous`, ([row]) => row!["synchronous"]),
    pg: () => Effect.map(sql`SHOW synchronous_commit`, ([row]) => row!["synchronous_commit"])
  })
const within = { sqlite: { durable: 1, relaxed: 1 }, postgres: { durable: "on", relaxed: "off" } }
const outside = { sqlite: 2, postgres: "on" }

describe.each(databases)("on $name", (engine) => {
  describe.each(["durable", "relaxed"] as const)("a %s transaction", (kind) => {
    it.effect("is there for others when it is over, and leaves the connection as it was", () =>
      Effect.gen(function* () {
        const { sql, transactions, insert, textsOutside } = yield* place(engine)
        const given = yield* transactions[kind](Effect.as(insert("a"), 7))
        assert.strictEqual(given, 7)
        assert.deepStrictEqual(yield* textsOutside, ["a"])
        assert.strictEqual(yield* waits(sql), outside[engine.name])
      })
    )

    it.effect("waits for the disk within COMMIT where it has to and others are not held up", () =>
      Effect.gen(function* () {
        const { sql, transactions } = yield* place(engine)
        assert.strictEqual(yield* transactions[kind](waits(sql)), within[engine.name][kind])
        assert.strictEqual(
          yield* transactions.durable(Effect.andThen(transactions[kind](Effect.void), waits(sql))),
          within[engine.name].durable
        )
      })
    )

    it.effect("leaves nothing when it fails, dies or is interrupted, and the next one goes through", () =>
      Effect.gen(function* () {
        const { sql, transactions, insert, texts } = yield* place(engine)
        const failed = yield* Effect.flip(transactions[kind](Effect.andThen(insert("a"), Effect.fail("no" as const))))
        assert.strictEqual(failed, "no")
        yield* Effect.exit(transactions[kind](Effect.andThen(insert("b"), Effect.die("bug"))))
        const running = yield* Effect.forkChild(transactions[kind](Effect.andThen(insert("c"), Effect.never)))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(running)
        yield* transactions[kind](insert("d"))
        assert.deepStrictEqual(yield* texts, ["d"])
        assert.strictEqual(yield* waits(sql), outside[engine.name])
      })
    )

    it.effect("that waits for the connection can be interrupted", () =>
      Effect.gen(function* () {
        const { sql, transactions, insert, texts } = yield* place(engine)
        const first = yield* Effect.forkChild(sql.withTransaction(Effect.never), { startImmediately: true })
        const second = yield* Effect.forkChild(transactions[kind](insert("a")), { startImmediately: true })
        yield* Fiber.interrupt(second)
        yield* Fiber.interrupt(first)
        yield* transactions[kind](insert("b"))
        assert.deepStrictEqual(yield* texts, ["b"])
      })
    )

    it.effect(
      "tells `afterCommit` when others see it, in order, and with the connection free; a rollback tells nothing",
      () =>
        Effect.gen(function* () {
          const { sql, transactions, insert, textsOutside } = yield* place(engine)
          const heard: Array<string> = []
          const hears = (name: string) =>
            sql.afterCommit(
              Effect.orDie(
                Effect.gen(function* () {
                  const rows = yield* sql`SELECT 1`
                  heard.push(`${name} ${rows.length} ${(yield* textsOutside).join(",")}`)
                })
              )
            )
          yield* transactions[kind](
            Effect.gen(function* () {
              yield* hears("first")
              yield* insert("a")
              yield* sql.withTransaction(hears("nested"))
              yield* Effect.ignore(sql.withTransaction(Effect.andThen(hears("undone"), Effect.fail("no"))))
              assert.deepStrictEqual(heard, [])
            })
          )
          assert.deepStrictEqual(heard, ["first 1 a", "nested 1 a"])
          yield* Effect.ignore(transactions[kind](Effect.andThen(hears("never"), Effect.fail("no"))))
          assert.strictEqual(heard.length, 2)
        })
    )

    it.effect("within another transaction is a savepoint", () =>
      Effect.gen(function* () {
        const { sql, transactions, insert, texts } = yield* place(engine)
        for (const outer of [sql.withTransaction, transactions.durable, transactions.relaxed]) {
          yield* Effect.ignore(
            outer(Effect.andThen(transactions[kind](insert("a")), Effect.fail("the outer one fails")))
          )
          yield* outer(
            Effect.gen(function* () {
              yield* insert("kept")
              yield* Effect.ignore(transactions[kind](Effect.andThen(insert("undone"), Effect.fail("no"))))
              yield* sql.withTransaction(insert("nested"))
            })
          )
          assert.deepStrictEqual(yield* texts, ["kept", "nested"])
          yield* sql`DELETE FROM note`
        }
      })
    )
  })
})
