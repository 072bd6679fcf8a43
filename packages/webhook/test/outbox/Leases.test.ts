/** What a worker has taken stays its own while it lives, however long a try takes, and is free soon after. */
import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { Clock, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { movableClock, Outbox, type OutboxSettings } from "../../src/outbox.ts"
import { outboxOn, receiver, until } from "./place.ts"

const one = [{ type: "a.b", data: null }]

describe.each(databases)("on $name", (engine) => {
  const { onDatabase } = outboxOn(engine)
  const workerOn = (database: Database, settings: Partial<OutboxSettings> = {}) =>
    Effect.flatMap(Layer.build(onDatabase({ pollMs: 50, ...settings }, database)), (context) =>
      Effect.provideContext(Effect.all([Outbox, SqlClient.SqlClient]), context)
    )
  const asked = (count: number, received: ReadonlyArray<unknown>) =>
    until(
      `${count} requests`,
      Effect.sync(() => received.length >= count)
    )
  const over = ({ deliveries }: Outbox["Service"]) =>
    until(
      "it is delivered and nothing is being sent",
      Effect.map(deliveries.list(), ([delivery]) => delivery!.status === "delivered")
    )

  it.live("a try that takes longer than a lease is not taken by others", () =>
    Effect.gen(function* () {
      const database = yield* engine.database
      const far = yield* receiver
      const [left] = yield* workerOn(database, { leaseMs: 1500 })
      yield* workerOn(database, { leaseMs: 1500 })
      yield* left.endpoints.create({ url: far.on((response) => void setTimeout(() => response.end(), 3500)) })
      yield* left.announce(one)
      yield* over(left)
      assert.strictEqual(far.received.length, 1)
    })
  )

  it.live("one that was frozen until its lease ran out says what it found, and it decides nothing", () =>
    Effect.gen(function* () {
      const database = yield* engine.database
      const far = yield* receiver
      const answers: Array<(status: number) => void> = []
      const [frozen, sql] = yield* workerOn(database, { leaseMs: 60_000 })
      const { id } = yield* frozen.endpoints.create({
        url: far.on((response) => void answers.push((status) => response.writeHead(status).end()))
      })
      yield* frozen.announce(one)
      yield* asked(1, far.received)
      const [other] = yield* workerOn(database)
      yield* sql`UPDATE outbox_lease SET until = 0`
      yield* asked(2, far.received)
      answers[1]!(200)
      yield* over(other)
      answers[0]!(500)
      const ended = Effect.map(other.deliveries.list(), ([delivery]) => delivery!)
      yield* until(
        "the first try is on record",
        Effect.map(ended, ({ attempts }) => attempts === 2)
      )
      const delivery = yield* ended
      assert.containsSubset(delivery, { status: "delivered", nextAt: null })
      assert.strictEqual((yield* other.endpoints.get(id)).status, "enabled")
      assert.deepStrictEqual(
        (yield* other.deliveries.get(delivery.id)).tries.map(({ number, status }) => [number, status]),
        [
          [1, 200],
          [2, 500]
        ]
      )
      assert.deepStrictEqual(yield* sql`SELECT id FROM outbox_lease`, [])
    })
  )

  it.live.runIf(engine.name === "postgres")("a clock that is ahead takes nothing from others", () =>
    Effect.gen(function* () {
      const database = yield* engine.database
      const far = yield* receiver
      let answer = () => {}
      const [right] = yield* workerOn(database)
      yield* right.endpoints.create({
        url: far.on((response) => void (answer = () => response.end()))
      })
      yield* right.announce(one)
      yield* asked(1, far.received)
      const ahead = movableClock()
      ahead.advance(3_600_000)
      yield* Effect.provideService(workerOn(database), Clock.Clock, ahead.clock)
      yield* Effect.promise(() => new Promise((done) => setTimeout(done, 700)))
      assert.strictEqual(far.received.length, 1)
      answer()
      yield* over(right)
    })
  )
})
