/** Several workers on one database: each sends to its own endpoints, at once, and to others' only where nobody does. */
import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { Effect, Layer, References } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Outbox, type OutboxSettings } from "../../src/outbox.ts"
import { later, now, outboxOn, pause, receiver, until } from "./place.ts"

const one = [{ type: "a.b", data: null }]

describe.concurrent.each(databases)("on $name", (engine) => {
  const { onDatabase } = outboxOn(engine)
  /** `sentTo`: of each try that it made, the endpoint. A poll never wakes it. */
  const workerOn = Effect.fnUntraced(function* (database: Database, settings: Partial<OutboxSettings>) {
    const context = yield* Layer.build(onDatabase({ pollMs: 3_600_000, leaseMs: 3_600_000, ...settings }, database))
    const [outbox, sql] = yield* Effect.provideContext(Effect.all([Outbox, SqlClient.SqlClient]), context)
    const sentTo: Array<string> = []
    outbox.listen(({ attempt, endpointId }) => void (attempt === null || sentTo.push(endpointId)))
    return { ...outbox, sql, sentTo }
  })
  const count = (what: string, expected: number, list: ReadonlyArray<unknown>) =>
    until(
      `${expected} ${what}`,
      Effect.sync(() => list.length >= expected)
    )

  describe.runIf(engine.name === "postgres")("they wake each other", () => {
    it.live("each endpoint is sent to by its owner alone, at once, whoever announced", () =>
      Effect.gen(function* () {
        const database = yield* engine.database
        const far = yield* receiver
        const lefts = new Set<string>()
        const left = yield* workerOn(database, { owns: (id) => lefts.has(id) })
        const right = yield* workerOn(database, { owns: (id) => !lefts.has(id) })
        const ids: Array<string> = []
        for (let n = 0; n < 6; n++) {
          const { id } = yield* left.endpoints.create({ url: far.on((response) => response.end()) })
          ids.push(id)
          if (n < 3) lefts.add(id)
        }
        for (let n = 1; n <= 10; n++) {
          yield* (n % 2 === 0 ? left : right).announce(one)
          yield* count("requests", n * 6, far.received)
        }
        yield* count("tries of one", 30, left.sentTo)
        yield* count("tries of the other", 30, right.sentTo)
        yield* pause()
        assert.strictEqual(far.received.length, 60)
        const each = (some: ReadonlyArray<string>) => some.flatMap((id) => Array.from({ length: 10 }, () => id))
        assert.deepStrictEqual(left.sentTo.toSorted(), each(ids.slice(0, 3)).toSorted())
        assert.deepStrictEqual(right.sentTo.toSorted(), each(ids.slice(3)).toSorted())
      })
    )

    it.live("also for what is replayed, enabled or resumed, and by one who only announces", () =>
      Effect.gen(function* () {
        const database = yield* engine.database
        const far = yield* receiver
        const owner = yield* workerOn(database, { owns: () => true })
        const other = yield* workerOn(database, { owns: () => false })
        const { id } = yield* other.endpoints.create({ url: far.on((response) => response.end()) })
        yield* other.announce(one)
        yield* count("tries", 1, owner.sentTo)
        const [delivery] = yield* owner.deliveries.list()
        yield* other.deliveries.replay({ ids: [delivery!.id] })
        yield* count("tries", 2, owner.sentTo)
        yield* other.deliveries.test(id)
        yield* count("tries", 3, owner.sentTo)
        yield* other.endpoints.pause(id)
        yield* other.announce(one)
        yield* other.endpoints.resume(id)
        yield* count("tries", 4, owner.sentTo)
        yield* other.endpoints.disable(id)
        yield* other.announce(one)
        yield* other.endpoints.enable(id, { deliverHeld: true })
        yield* count("tries", 5, owner.sentTo)
        assert.deepStrictEqual(other.sentTo, [])
      })
    )

    it.live("one call for more endpoints than it can name, and one that nobody can read", () =>
      Effect.gen(function* () {
        const database = yield* engine.database
        const far = yield* receiver
        const owner = yield* workerOn(database, { owns: () => true })
        const other = yield* workerOn(database, { owns: () => false })
        const url = far.on((response) => response.end())
        for (let n = 0; n < 80; n++) yield* other.endpoints.create({ url, id: `${n}_`.padEnd(100, "x") })
        yield* other.announce(one)
        yield* count("tries", 80, owner.sentTo)
        yield* owner.sql`UPDATE outbox_delivery SET status = 'pending', ended_at = NULL, next_at = ${Date.now()}`
        yield* owner.sql`SELECT pg_notify('tenterhook_outbox', 'nobody knows what this is')`
        yield* count("tries", 160, owner.sentTo)
      })
    )

    it.live("a connection that breaks is made again, and what was announced meanwhile is found", () =>
      Effect.gen(function* () {
        const database = yield* engine.database
        const far = yield* receiver
        const owner = yield* workerOn(database, { owns: () => true })
        const other = yield* workerOn(database, { owns: () => false })
        yield* other.endpoints.create({ url: far.on((response) => response.end()) })
        const listening = other.sql<{ pid: number }>`SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE 'LISTEN%' ORDER BY pid`
        const bothListen = until(
          "both listen",
          Effect.map(listening, (rows) => rows.length === 2)
        )
        yield* bothListen
        const before = yield* listening
        for (const { pid } of before) yield* other.sql`SELECT pg_terminate_backend(${pid})`
        yield* other.announce(one)
        yield* count("tries", 1, owner.sentTo)
        yield* bothListen
        assert.notDeepEqual(yield* listening, before)
        yield* other.announce(one)
        yield* count("tries", 2, owner.sentTo)
        assert.deepStrictEqual(other.sentTo, [])
      }).pipe(Effect.provideService(References.MinimumLogLevel, "Error"))
    )
  })

  describe("on the test's clock", () => {
    const owned = Effect.gen(function* () {
      yield* TestClock.setTime(now)
      return [yield* engine.database, yield* receiver] as const
    })

    it.effect("an owner that is gone: another sends after 5 seconds and not before, and then all there is", () =>
      Effect.gen(function* () {
        const [database, far] = yield* owned
        const other = yield* workerOn(database, { owns: () => false, pollMs: 500 })
        yield* other.endpoints.create({ url: far.on((response) => response.end()), concurrency: 2 })
        yield* other.announce(Array.from({ length: 20 }, () => one[0]!))
        yield* later("4999 millis")
        yield* pause()
        assert.strictEqual(far.received.length, 0)
        yield* later("1 millis")
        yield* count("tries", 20, other.sentTo)
        assert.strictEqual(far.received.length, 20)
      })
    )

    it.effect("none of them takes any endpoint for its own: all is sent, once", () =>
      Effect.gen(function* () {
        const [database, far] = yield* owned
        const left = yield* workerOn(database, { owns: () => false, pollMs: 500 })
        const right = yield* workerOn(database, { owns: () => false, pollMs: 500 })
        for (let n = 0; n < 3; n++)
          yield* left.endpoints.create({ url: far.on((response) => response.end()), concurrency: 2, fifo: n === 0 })
        yield* Effect.forEach(Array.from({ length: 20 }), (_, n) => (n % 2 === 0 ? left : right).announce(one))
        yield* later("4 seconds")
        yield* pause()
        assert.strictEqual(far.received.length, 0)
        yield* until(
          "all is delivered",
          Effect.andThen(
            TestClock.adjust("500 millis"),
            Effect.map(left.stats, ({ delivered }) => delivered === 60)
          )
        )
        assert.strictEqual(far.received.length, 60)
      })
    )

    it.effect("what waits at another's endpoint while it is being sent to is left to that one", () =>
      Effect.gen(function* () {
        const [database, far] = yield* owned
        const answers: Array<() => void> = []
        const owner = yield* workerOn(database, { owns: () => true, maxInFlight: 2 })
        const other = yield* workerOn(database, { owns: () => false, pollMs: 1000 })
        yield* owner.endpoints.create({
          url: far.on((response) => void answers.push(() => response.end())),
          rules: { timeoutMs: 100_000 }
        })
        yield* owner.announce([...one, ...one, ...one, ...one])
        yield* count("requests", 2, answers)
        for (let second = 0; second < 8; second++) yield* later("1 second")
        yield* pause()
        assert.strictEqual(far.received.length, 2)
        for (const answer of answers.splice(0)) answer()
        yield* count("requests", 2, answers)
        for (const answer of answers.splice(0)) answer()
        yield* count("tries", 4, owner.sentTo)
        assert.deepStrictEqual(other.sentTo, [])
      })
    )

    it.effect("nor is what waits at another's endpoint for its rate", () =>
      Effect.gen(function* () {
        const [database, far] = yield* owned
        const owner = yield* workerOn(database, { owns: () => true })
        const other = yield* workerOn(database, { owns: () => false, pollMs: 1000 })
        yield* owner.endpoints.create({ url: far.on((response) => response.end()), ratePerSecond: 0.5 })
        yield* owner.announce(Array.from({ length: 8 }, () => one[0]!))
        for (let sent = 1; sent <= 8; sent++) {
          yield* count("tries", sent, owner.sentTo)
          yield* later("1 second")
          yield* later("1 second")
        }
        assert.deepStrictEqual(other.sentTo, [])
      })
    )
  })
})
