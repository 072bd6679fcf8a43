import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Outbox } from "../../src/outbox.ts"
import { now, pause, receiver, until, verified, withOutbox } from "./place.ts"

const statuses = Effect.flatMap(Outbox, ({ deliveries }) =>
  Effect.map(deliveries.list(), (all) => all.map(({ status }) => status))
)
const isOver = Effect.map(
  Effect.flatMap(Outbox, ({ stats }) => stats),
  ({ pending }) => pending === 0
)

describe("a delivery", () => {
  it.effect("is signed, verified by the reference library, and recorded with its try", () =>
    Effect.gen(function* () {
      const { endpoints, announce, deliveries } = yield* Outbox
      const far = yield* receiver
      const url = far.on((response) => response.end("thanks"))
      const endpoint = yield* endpoints.create({ url, headers: { "x-mine": "1" } })

      const [id] = yield* announce([{ type: "agent.started", data: { n: 1 } }])
      yield* until("it is delivered", isOver)

      const [got] = far.received
      assert.deepEqual(verified(endpoint.secret, got!), {
        type: "agent.started",
        timestamp: new Date(now).toISOString(),
        data: { n: 1 }
      })
      assert.strictEqual(got!.headers["x-mine"], "1")
      const [delivery] = yield* deliveries.list()
      assert.containsSubset(delivery!, {
        announcementId: id,
        status: "delivered",
        attempts: 1,
        endpointId: endpoint.id
      })
      assert.strictEqual(got!.headers["webhook-id"], delivery!.id)
      assert.match(delivery!.id, /^msg_[a-z0-9]+$/)
      const { tries } = yield* deliveries.get(delivery!.id)
      assert.containsSubset(tries[0]!, { number: 1, status: 200, body: "thanks", error: null, at: now })
    }).pipe(Effect.provide(withOutbox()))
  )

  it.effect("is tried again by the schedule, with the same id, and a timestamp of its own each time", () =>
    Effect.gen(function* () {
      const { endpoints, announce, deliveries } = yield* Outbox
      const far = yield* receiver
      const url = far.on((response) => response.writeHead(far.received.length < 3 ? 500 : 204).end())
      const { secret } = yield* endpoints.create({ url })
      yield* announce([{ type: "a.b", data: null }])
      yield* until(
        "the first try",
        Effect.sync(() => far.received.length === 1)
      )
      yield* until(
        "its record",
        Effect.map(deliveries.list(), ([one]) => one!.attempts === 1)
      )

      yield* TestClock.adjust("3900 millis")
      yield* pause()
      assert.strictEqual(far.received.length, 1)
      yield* TestClock.adjust("2200 millis")
      yield* until(
        "the second try",
        Effect.map(deliveries.list(), ([one]) => one!.attempts === 2)
      )
      yield* TestClock.adjust("6 minutes")
      yield* until(
        "the third",
        Effect.map(statuses, ([status]) => status === "delivered")
      )

      const headers = far.received.map(({ headers }) => headers)
      assert.strictEqual(new Set(headers.map((one) => one["webhook-id"])).size, 1)
      assert.strictEqual(new Set(headers.map((one) => one["webhook-timestamp"])).size, 3)
      for (const one of far.received) verified(secret, one)
    }).pipe(Effect.provide(withOutbox()))
  )
})
