import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { forgetAnswers } from "../../src/http/idempotency.ts"
import { post, type Sample, type SampleSettings, serveSample } from "./Sample.ts"

const keyed = (body: unknown, key = "one") => post(body, { "idempotency-key": key })
const create = (sample: Sample, body: unknown = { name: "a" }, key?: string) => sample.ask("/things", keyed(body, key))
const rows = (sample: Sample) => sample.sql`SELECT * FROM idempotency`

/** Until `create` waits at the gate. */
const entered = (sample: Sample, count: number) =>
  Effect.gen(function* () {
    const until = Date.now() + 60_000
    while (sample.behaviour.ids.length < count) {
      assert.isBelow(Date.now(), until)
      yield* Effect.sleep(5)
    }
  })

describe.each(databases)("on $name", (engine) => {
  const withSample = <A, E>(test: (sample: Sample) => Effect.Effect<A, E>, settings: SampleSettings = {}) =>
    Effect.scoped(Effect.flatMap(serveSample({ engine, ...settings }), test))

  describe.concurrent("a POST that is sent again with its key", () => {
    it.live("gets the first answer, and nothing is done again", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          const [first, second] = [yield* create(sample), yield* create(sample)]
          assert.deepStrictEqual([second.status, second.text], [201, first.text])
          assert.strictEqual(second.headers.get("content-type"), first.headers.get("content-type"))
          assert.isNull(first.headers.get("idempotency-replayed"))
          assert.strictEqual(second.headers.get("idempotency-replayed"), "true")
          assert.strictEqual(sample.behaviour.made, 1)
          yield* create(sample, { name: "a" }, "two")
          yield* sample.ask("/things", post({ name: "a" }))
          assert.strictEqual(sample.behaviour.made, 3)
          assert.strictEqual(new Set(sample.behaviour.ids).size, 3)
          assert.include(sample.behaviour.ids, null)
        })
      )
    )

    it.live("gets the first problem, where the first did its work and said no", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          const [first, second] = [yield* create(sample, { name: "absent" }), yield* create(sample, { name: "absent" })]
          assert.deepInclude(first.json, { status: 404 })
          assert.deepStrictEqual([second.status, second.json], [404, first.json])
          assert.strictEqual(second.headers.get("content-type"), "application/problem+json")
          assert.strictEqual(second.headers.get("idempotency-replayed"), "true")
          assert.strictEqual(sample.behaviour.ids.length, 1)
        })
      )
    )

    it.live("works where the route has no body", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          const init = { method: "POST", headers: { "idempotency-key": "k" } }
          const first = yield* sample.ask("/things/a/turn", init)
          assert.deepStrictEqual((yield* sample.ask("/things/a/turn", init)).json, first.json)
          assert.strictEqual(sample.behaviour.made, 1)
        })
      )
    )

    it.live("is refused when it is another request", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          yield* create(sample)
          for (const answer of [
            yield* create(sample, { name: "b" }),
            yield* sample.ask("/things?a=1", keyed({ name: "a" })),
            yield* sample.ask("/things/a/turn", keyed({ name: "a" }))
          ]) {
            assert.deepInclude(answer.json, { status: 422, type: "urn:tenterhook:problem:unacceptable" })
            assert.strictEqual(answer.json.errors[0].field, "headers.idempotency-key")
          }
          assert.strictEqual(sample.behaviour.made, 1)
        })
      )
    )

    it.live("is another one when somebody else sends it", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          const { key } = yield* sample.keys.create({})
          yield* create(sample)
          const its = yield* sample.ask(
            "/things",
            post({ name: "b" }, { "idempotency-key": "one", authorization: `Bearer ${key}` })
          )
          assert.strictEqual(its.status, 201)
          assert.strictEqual(sample.behaviour.made, 2)
        })
      )
    )

    it.live("needs a key that fits", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          for (const key of ["", "a b", "k".repeat(256), "é"]) {
            const { json } = yield* create(sample, { name: "a" }, key)
            assert.deepStrictEqual([json.status, json.errors[0].field], [400, "headers.idempotency-key"], key)
          }
          assert.strictEqual((yield* create(sample, { name: "a" }, "k".repeat(255))).status, 201)
          assert.strictEqual(sample.behaviour.made, 1)
        })
      )
    )

    it.live("waits for the first one while that is under way", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          const gate = (sample.behaviour.gate = Deferred.makeUnsafe<void>())
          const asking = yield* Effect.forkChild(
            Effect.forEach(Array.from({ length: 8 }), () => create(sample), { concurrency: "unbounded" })
          )
          yield* entered(sample, 1)
          const other = yield* create(sample, { name: "b" })
          assert.strictEqual(other.status, 422)
          yield* Effect.sleep(50)
          yield* Deferred.succeed(gate, undefined)
          const answers = yield* Fiber.join(asking)
          assert.deepStrictEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1)
          const replayed = answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")
          assert.deepStrictEqual([replayed.length, sample.behaviour.made], [7, 1])
        })
      )
    )

    it.live("does not wait for ever", () =>
      withSample(
        (sample) =>
          Effect.gen(function* () {
            const gate = (sample.behaviour.gate = Deferred.makeUnsafe<void>())
            const first = yield* Effect.forkChild(create(sample))
            yield* entered(sample, 1)
            const second = yield* create(sample)
            assert.deepInclude(second.json, { status: 409, type: "urn:tenterhook:problem:conflict" })
            assert.strictEqual(second.json.errors[0].field, "headers.idempotency-key")
            yield* Deferred.succeed(gate, undefined)
            assert.strictEqual((yield* Fiber.join(first)).status, 201)
          }),
        { waitMs: 100 }
      )
    )
  })

  describe.concurrent("a request that came to nothing", () => {
    it.live("leaves its key free where nothing was done", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* create(sample, { name: 1 })).status, 400)
          assert.strictEqual((yield* create(sample, "{")).status, 400)
          assert.strictEqual(
            (yield* sample.ask("/things", post("a", { "content-type": "text/plain", "idempotency-key": "one" })))
              .status,
            415
          )
          assert.deepStrictEqual(yield* rows(sample), [])
          assert.strictEqual((yield* create(sample)).status, 201)
        })
      )
    )

    it.live("is done again with the same id after a fault, as only the same request may be", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* create(sample, { name: "broken" })).status, 500)
          assert.strictEqual((yield* create(sample)).status, 422)
          assert.strictEqual((yield* create(sample, { name: "broken" })).status, 500)
          const [first, second] = sample.behaviour.ids
          assert.isString(first)
          assert.strictEqual(first, second)
        })
      )
    )

    it.live("is done again with the same id when its client went away", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          const gate = (sample.behaviour.gate = Deferred.makeUnsafe<void>())
          const leaving = new AbortController()
          const gone = yield* Effect.forkChild(
            Effect.exit(sample.ask("/things", { ...keyed({ name: "a" }), signal: leaving.signal }))
          )
          yield* entered(sample, 1)
          leaving.abort()
          yield* Fiber.join(gone)
          const again = yield* Effect.forkChild(create(sample))
          yield* entered(sample, 2)
          yield* Deferred.succeed(gate, undefined)
          assert.strictEqual((yield* Fiber.join(again)).status, 201)
          assert.deepStrictEqual([sample.behaviour.made, new Set(sample.behaviour.ids).size], [1, 1])
        })
      )
    )
  })

  it.live.runIf(engine.name === "postgres")("is taken over by another server when its client went there", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const database: Database = yield* engine.database
        const [first, second] = [yield* serveSample({ engine, database }), yield* serveSample({ engine, database })]
        const headers = { "idempotency-key": "one", authorization: `Bearer ${first.key}` }
        first.behaviour.gate = Deferred.makeUnsafe<void>()
        const leaving = new AbortController()
        const asked = { ...post({ name: "a" }, headers), signal: leaving.signal }
        const gone = yield* Effect.forkChild(Effect.exit(first.ask("/things", asked)))
        yield* entered(first, 1)
        leaving.abort()
        yield* Fiber.join(gone)
        // Long before it would have waited enough for a server that lives.
        const again = yield* Effect.timeout(second.ask("/things", post({ name: "a" }, headers)), 20_000)
        assert.strictEqual(again.status, 201)
        assert.deepStrictEqual(second.behaviour.ids, first.behaviour.ids)
      })
    )
  )

  describe("after the server started anew", () => {
    it.live("answers are still there, and claims without one are taken over with their id", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const database: Database = yield* engine.database
          const id = yield* withSample(
            (sample) =>
              Effect.gen(function* () {
                const headers = { "idempotency-key": "kept" }
                yield* sample.ask("/things", post({ name: "a" }, headers))
                assert.strictEqual((yield* create(sample, { name: "broken" }, "left")).status, 500)
                // Whoever died left the claim as a fault leaves it: without an answer.
                const left = (yield* rows(sample)).filter((row) => row["status"] === null)
                assert.strictEqual(left.length, 1)
                yield* sample.sql`UPDATE server_key SET revoked_at = NULL`
                return { key: sample.key, id: sample.behaviour.ids[1] }
              }),
            { database }
          )
          yield* withSample(
            (sample) =>
              Effect.gen(function* () {
                const headers = { authorization: `Bearer ${id.key}` }
                const kept = yield* sample.ask(
                  "/things",
                  post({ name: "a" }, { ...headers, "idempotency-key": "kept" })
                )
                assert.deepStrictEqual([kept.status, kept.headers.get("idempotency-replayed")], [201, "true"])
                yield* sample.ask("/things", post({ name: "broken" }, { ...headers, "idempotency-key": "left" }))
                assert.deepStrictEqual(sample.behaviour.ids, [id.id])
              }),
            { database }
          )
        })
      )
    )

    it.live("what is older than a day is forgotten, and its key is free", () =>
      withSample((sample) =>
        Effect.gen(function* () {
          yield* create(sample, { name: "a" }, "old")
          yield* create(sample, { name: "a" }, "older")
          yield* sample.sql`UPDATE idempotency SET created_at = created_at - 86400000`
          const again = yield* create(sample, { name: "b" }, "old")
          assert.deepStrictEqual([again.status, again.headers.get("idempotency-replayed")], [201, null])
          assert.notStrictEqual(sample.behaviour.ids[2], sample.behaviour.ids[0])
          const forgetting = forgetAnswers(Date.now() - 86_400_000 + 1000)
          const gone = yield* Effect.provideService(forgetting, SqlClient.SqlClient, sample.sql)
          assert.deepStrictEqual([gone, (yield* rows(sample)).length], [1, 1])
        })
      )
    )
  })
})
