/** Announcing within a transaction of the caller's: it goes out when that is committed, at once, and never otherwise. */
import { assert, describe, it } from "@effect/vitest"
import { databases } from "@tenterhook/testing-databases"
import { makeGroupCommit, makeTransactions } from "@tenterhook/sql"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Outbox } from "../../src/outbox.ts"
import { outboxOn, pause, receiver, until } from "./place.ts"

const place = Effect.gen(function* () {
  const { endpoints } = yield* Outbox
  const sql = yield* SqlClient.SqlClient
  const far = yield* receiver
  yield* endpoints.create({ url: far.on((response) => response.end()) })
  yield* sql`CREATE TABLE fire (name TEXT PRIMARY KEY)`
  const transactions = yield* makeTransactions(sql)
  // The worker has looked, found nothing, and waits for its poll.
  yield* pause(50)
  const arrived = (count: number) =>
    until(
      `${count} deliveries`,
      Effect.sync(() => far.received.length >= count)
    )
  return { sql, far, transactions, arrived }
})

describe.concurrent.each(databases)("on $name", (engine) => {
  const { onDatabase } = outboxOn(engine)
  // On the real clock, with a poll that would come far too late.
  const outbox = onDatabase({ pollMs: 600_000 })

  describe.each(["durable", "relaxed", "withTransaction"] as const)("in a transaction: %s", (kind) => {
    it.live("what is committed goes out at once, what is rolled back never does", () =>
      Effect.gen(function* () {
        const { announce } = yield* Outbox
        const { sql, far, transactions, arrived } = yield* place
        const transaction = kind === "withTransaction" ? sql.withTransaction : transactions[kind]
        yield* Effect.ignore(
          transaction(
            Effect.andThen(announce([{ type: "a.b", data: { n: "undone" } }]), Effect.fail("the caller's own reasons"))
          )
        )
        yield* pause()
        assert.strictEqual(far.received.length, 0)

        yield* transaction(
          Effect.gen(function* () {
            yield* sql`INSERT INTO fire ${sql.insert({ name: "one" })}`
            yield* announce([{ type: "a.b", data: { n: "kept" } }])
            yield* pause()
            assert.strictEqual(far.received.length, 0, "it was sent before the commit")
          })
        )
        yield* arrived(1)
        assert.include(far.received[0]!.body.toString(), "kept")
        yield* pause()
        assert.strictEqual(far.received.length, 1)
      }).pipe(Effect.provide(outbox))
    )
  })

  it.live(
    "a server's own shared commit: rows and announcements together, and one that is refused takes only its own",
    () =>
      Effect.gen(function* () {
        const { announce, deliveries } = yield* Outbox
        const { sql, far, transactions, arrived } = yield* place
        const save = makeGroupCommit({
          sql,
          transaction: transactions.durable,
          write: Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
            for (const name of names) yield* sql`INSERT INTO fire ${sql.insert({ name })}`
            return yield* Effect.orDie(announce(names.map((name) => ({ type: "a.b", data: { name } }))))
          })
        })
        const names = [...Array.from({ length: 20 }, (_, n) => `fire ${n}`), "fire 3"]
        const exits = yield* Effect.all(
          names.map((name) => Effect.exit(save(name))),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          exits.map(({ _tag }) => _tag),
          names.map((_, index) => (index === 20 ? "Failure" : "Success"))
        )
        yield* arrived(20)
        yield* pause()
        assert.strictEqual(far.received.length, 20)
        assert.strictEqual((yield* deliveries.list()).length, 20)
        assert.strictEqual((yield* sql`SELECT name FROM fire`).length, 20)
      }).pipe(Effect.provide(outbox))
  )
})
