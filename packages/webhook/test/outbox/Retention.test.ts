import { assert, describe, it } from "@effect/vitest"
import { databases } from "@tenterhook/testing-databases"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Outbox } from "../../src/outbox.ts"
import { later, now, receiver, until, outboxOn } from "./place.ts"

const hour = 3_600_000
const settled = (count: number) =>
  Effect.flatMap(Outbox, ({ stats }) =>
    until(
      `${count} deliveries ended`,
      Effect.map(stats, ({ delivered, failed }) => delivered + failed === count)
    )
  )

describe.concurrent.each(databases)("on $name", (engine) => {
  const { withOutbox } = outboxOn(engine)

  it.effect("forgets what ended before a time: payloads first, then deliveries with their tries", () =>
    Effect.gen(function* () {
      const { endpoints, announce, deliveries, forget } = yield* Outbox
      const sql = yield* SqlClient.SqlClient
      const far = yield* receiver
      const { id } = yield* endpoints.create({ url: far.on((response) => response.end("thanks")), events: ["a.*"] })
      yield* announce([
        { type: "a.b", data: { secret: 1 }, key: "once" },
        { type: "nobody.wants", data: { secret: 2 } }
      ])
      yield* settled(1)
      yield* later("2 hours")
      yield* announce([{ type: "a.c", data: { n: 3 } }])
      yield* settled(2)
      const [newer, older] = yield* deliveries.list()

      const nothing = { payloads: 0, deliveries: 0, announcements: 0 }
      assert.deepStrictEqual(yield* forget({}), nothing)
      assert.deepStrictEqual(yield* forget({ payloadsBefore: now, deliveriesBefore: now }), nothing)

      assert.deepStrictEqual(yield* forget({ payloadsBefore: now + hour }), { ...nothing, payloads: 2 })
      assert.containsSubset(yield* deliveries.get(older!.id), {
        data: null,
        forgottenAt: now + 2 * hour,
        status: "delivered",
        tries: [{ number: 1, body: "thanks" }]
      })
      assert.containsSubset(yield* deliveries.get(newer!.id), { data: { n: 3 }, forgottenAt: null })
      assert.deepStrictEqual(yield* forget({ payloadsBefore: now + hour }), nothing)
      const refused = yield* Effect.flip(deliveries.replay({ ids: [older!.id] }))
      assert.include(refused.message, `the payload of the delivery ${older!.id} was forgotten at 2026-`)
      yield* deliveries.replay({ ids: [newer!.id] })
      yield* settled(3)

      assert.deepStrictEqual(yield* forget({ deliveriesBefore: now + hour }), {
        payloads: 0,
        deliveries: 1,
        announcements: 2
      })
      assert.include((yield* Effect.flip(deliveries.get(older!.id))).message, "expected the id of a delivery")
      assert.strictEqual((yield* deliveries.list({ endpointId: id })).length, 2)
      assert.strictEqual((yield* sql`SELECT * FROM outbox_attempt`).length, 2)
      assert.strictEqual((yield* sql`SELECT * FROM outbox_announcement`).length, 1)
      // Its key is forgotten with it.
      yield* announce([{ type: "a.b", data: null, key: "once" }])
      yield* settled(3)
    }).pipe(Effect.provide(withOutbox()))
  )

  it.effect("what is pending or held is never forgotten, nor what another endpoint still has to get", () =>
    Effect.gen(function* () {
      const { endpoints, announce, deliveries, forget, stats } = yield* Outbox
      const far = yield* receiver
      const url = far.on((response) => response.end())
      yield* endpoints.create({ url })
      const paused = yield* endpoints.create({ url })
      yield* endpoints.pause(paused.id)
      const disabled = yield* endpoints.create({ url, events: ["a.held"] })
      yield* endpoints.disable(disabled.id)
      yield* announce(Array.from({ length: 3 }, (_, n) => ({ type: "a.held", data: { n } })))
      yield* settled(3)

      const aYear = now + 365 * 24 * hour
      assert.deepStrictEqual(yield* forget({ payloadsBefore: aYear, deliveriesBefore: aYear }), {
        payloads: 0,
        deliveries: 3,
        announcements: 0
      })
      assert.containsSubset(yield* stats, { delivered: 0, pending: 3, held: 3 })
      yield* endpoints.resume(paused.id)
      yield* endpoints.enable(disabled.id, { deliverHeld: true })
      yield* settled(6)
      for (const { id } of yield* deliveries.list())
        assert.isNumber(((yield* deliveries.get(id)).data as { n: number }).n)
      assert.deepStrictEqual(yield* forget({ payloadsBefore: aYear, deliveriesBefore: aYear }), {
        payloads: 3,
        deliveries: 6,
        announcements: 3
      })
    }).pipe(Effect.provide(withOutbox()))
  )

  it.effect("thousands go in steps between which others announce, and pages go on", () =>
    Effect.gen(function* () {
      const { endpoints, announce, deliveries, forget, stats } = yield* Outbox
      const far = yield* receiver
      const { id } = yield* endpoints.create({ url: far.on((response) => response.end()) })
      yield* endpoints.disable(id)
      yield* announce(Array.from({ length: 3000 }, (_, n) => ({ type: "a.b", data: { n } })))
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE outbox_delivery SET status = 'failed', ended_at = ${now}`
      const page = yield* deliveries.list({ limit: 10 })
      let over = false
      let between = 0
      yield* Effect.all(
        [
          Effect.tap(forget({ deliveriesBefore: now + hour }), (forgotten) =>
            Effect.sync(() => {
              over = true
              assert.deepStrictEqual(forgotten, { payloads: 0, deliveries: 3000, announcements: 3000 })
            })
          ),
          Effect.whileLoop({
            while: () => !over,
            body: () => Effect.map(stats, ({ failed }) => void (failed > 0 && failed < 3000 && between++)),
            step: () => {}
          })
        ],
        { concurrency: "unbounded" }
      )
      assert.isAbove(between, 0)
      // The cursor's delivery is gone: by its sequence the page after it is known all the same, by its id it is not.
      assert.deepStrictEqual(yield* deliveries.list({ before: page.at(-1)!.sequence }), [])
      const gone = yield* Effect.flip(deliveries.list({ before: page.at(-1)!.id }))
      assert.include(gone.message, page.at(-1)!.id)
    }).pipe(Effect.provide(withOutbox()))
  )
})
