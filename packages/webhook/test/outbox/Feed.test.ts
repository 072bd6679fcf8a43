import { assert, describe, it } from "@effect/vitest"
import { databases } from "@tenterhook/testing-databases"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type DeliveryChange, modes, Outbox } from "../../src/outbox.ts"
import { later, pause, receiver, until, outboxOn } from "./place.ts"

const place = Effect.gen(function* () {
  const outbox = yield* Outbox
  const far = yield* receiver
  const heard: Array<DeliveryChange> = []
  const stop = outbox.listen((change) => void heard.push(change))
  const saw = (count: number) =>
    until(
      `${count} changes, not ${heard.length}`,
      Effect.sync(() => heard.length >= count)
    )
  const words = () =>
    heard.map(({ status, attempt }) => `${status} ${attempt?.number ?? "-"} ${attempt?.status ?? "-"}`)
  return { ...outbox, far, heard, stop, saw, words }
})
const twice = { rules: { twice: { ...modes["standard"]!, attempts: 2, delaysMs: [1000], jitter: 0 } }, mode: "twice" }

describe.concurrent.each(databases)("on $name", (engine) => {
  const { withOutbox } = outboxOn(engine)

  it.effect("tells what becomes of each delivery, in order, and when it is already so", () =>
    Effect.gen(function* () {
      const { endpoints, announce, deliveries, listen, far, heard, saw, stop, words } = yield* place
      const { id } = yield* endpoints.create({
        url: far.on((response) => response.writeHead(far.received.length < 4 ? 500 : 200).end("hm"))
      })
      const other = listen(() => {
        throw new Error("a listener's own fault")
      })
      yield* announce([{ type: "a.b", data: null }])
      yield* saw(2)
      yield* later("1 second")
      yield* saw(3)
      assert.deepStrictEqual(words(), ["pending - -", "pending 1 500", "failed 2 500"])
      const deliveryId = heard[0]!.deliveryId
      for (const change of heard) assert.containsSubset(change, { deliveryId, endpointId: id, type: "a.b" })
      assert.deepStrictEqual(
        (yield* deliveries.get(deliveryId)).tries,
        heard.flatMap(({ attempt }) => (attempt === null ? [] : [attempt]))
      )

      other()
      const [replayed] = yield* deliveries.replay({ ids: [deliveryId] })
      yield* saw(5)
      yield* later("1 second")
      yield* saw(6)
      assert.deepStrictEqual(words().slice(3), ["pending - -", "pending 1 500", "delivered 2 200"])
      assert.strictEqual(heard.at(-1)!.deliveryId, replayed!.id)
      stop()
      yield* announce([{ type: "a.b", data: null }])
      yield* pause()
      assert.strictEqual(heard.length, 6)
    }).pipe(Effect.provide(withOutbox(twice)))
  )

  it.effect("tells what is held and let go again, and nothing of what is rolled back", () =>
    Effect.gen(function* () {
      const { endpoints, announce, far, saw, heard, words } = yield* place
      const sql = yield* SqlClient.SqlClient
      const { id } = yield* endpoints.create({
        url: far.on((response) => response.writeHead(far.received.length === 1 ? 410 : 204).end()),
        concurrency: 1
      })
      yield* Effect.ignore(sql.withTransaction(Effect.andThen(announce([{ type: "a.b", data: 0 }]), Effect.fail("no"))))
      assert.deepStrictEqual(heard, [])
      yield* announce([
        { type: "a.b", data: 1 },
        { type: "a.b", data: 2 }
      ])
      yield* saw(4)
      assert.deepStrictEqual(words(), ["pending - -", "pending - -", "failed 1 410", "held - -"])
      yield* endpoints.enable(id, { deliverHeld: true })
      yield* saw(6)
      assert.deepStrictEqual(words().slice(4), ["pending - -", "delivered 1 204"])
    }).pipe(Effect.provide(withOutbox()))
  )
})
