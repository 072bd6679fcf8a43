import { assert, describe, it } from "@effect/vitest"
import { databases } from "@tenterhook/testing-databases"
import { Clock, Effect, Random, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { modes, Outbox } from "../../src/outbox.ts"
import { later, pause, receiver, until, outboxOn } from "./place.ts"

const rules = { ...modes["standard"]!, attempts: 4, delaysMs: [1000, 2000, 4000], timeoutMs: 60_000 }

/** What a receiver does with one try. */
const behaviours = ["accepts", "fails", "asks to wait", "breaks off", "redirects"] as const

describe.concurrent.each(databases)("on $name", (engine) => {
  const { withOutbox } = outboxOn(engine)

  it.effect.prop(
    "whatever receivers do: every delivery ends or has a time, every try has a row, and lines keep their order",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))],
    ([seed]) =>
      Effect.gen(function* () {
        const { endpoints, announce, deliveries, stats } = yield* Outbox
        const sql = yield* SqlClient.SqlClient
        const far = yield* receiver
        const random = yield* Effect.map(Effect.all(Array.from({ length: 400 }, () => Random.next)), (list) => [
          ...list
        ])
        const acceptedBy = new Map<string, Array<number>>()
        const make = (fifo: boolean) =>
          Effect.gen(function* () {
            const accepted: Array<number> = []
            const url = far.on((response, { body }, socket) => {
              const behaviour = behaviours[Math.floor((random.pop() ?? 0) * 8)] ?? "accepts"
              if (behaviour === "accepts") accepted.push(JSON.parse(body.toString()).data.n)
              if (behaviour === "breaks off") return void socket.resetAndDestroy()
              if (behaviour === "asks to wait") return void response.writeHead(429, { "retry-after": "3" }).end()
              if (behaviour === "redirects") return void response.writeHead(307, { location: far.origin }).end()
              response.writeHead(behaviour === "accepts" ? 200 : 500).end()
            })
            const { id } = yield* endpoints.create({ url, fifo, mode: "four", concurrency: 3 })
            acceptedBy.set(id, accepted)
            return id
          })
        const line = yield* make(true)
        yield* make(false)
        for (let n = 0; n < 8; n++) yield* announce([{ type: "a.b", data: { n } }])

        for (let round = 0; round < 400 && (yield* stats).pending > 0; round++) {
          yield* pause(15)
          yield* until(
            "no try runs",
            Effect.map(stats, ({ inFlight }) => inFlight === 0)
          )
          const at = yield* Clock.currentTimeMillis
          for (const { status, nextAt } of yield* deliveries.list())
            assert.isTrue(status === "pending" ? nextAt !== null : nextAt === null)
          const planned = (yield* deliveries.list({ status: "pending" })).flatMap(({ nextAt }) =>
            nextAt! > at ? [nextAt!] : []
          )
          yield* later(planned.length > 0 ? Math.min(...planned) - at : 100)
        }

        const all = yield* deliveries.list()
        assert.strictEqual(all.length, 16)
        for (const one of all) {
          assert.oneOf(one.status, ["delivered", "failed"])
          assert.isAtMost(one.attempts, rules.attempts)
          const { tries } = yield* deliveries.get(one.id)
          assert.deepStrictEqual(
            tries.map(({ number }) => number),
            Array.from({ length: one.attempts }, (_, i) => i + 1)
          )
          assert.strictEqual(tries.at(-1)!.status === 200, one.status === "delivered")
        }
        const attempts = yield* sql`SELECT number FROM outbox_attempt`
        assert.strictEqual(attempts.length, far.received.length)
        assert.strictEqual(new Set(far.received.map(({ headers }) => headers["webhook-id"])).size, 16)
        const inLine = acceptedBy.get(line)!
        assert.deepStrictEqual(
          inLine,
          inLine.toSorted((a, b) => a - b)
        )
      }).pipe(Random.withSeed(String(seed)), Effect.provide(withOutbox({ rules: { four: rules } }))),
    { arbitrary: { runs: engine.name === "sqlite" ? 8 : 4 }, timeout: 240_000 }
  )
})
