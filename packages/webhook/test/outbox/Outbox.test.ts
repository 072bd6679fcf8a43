import { assert, describe, it } from "@effect/vitest"
import { type Database, databases } from "@tenterhook/testing-databases"
import { Clock, Effect, Exit, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { ServerResponse } from "node:http"
import { modes, Outbox, type OutboxError } from "../../src/outbox.ts"
import { endless, type Receiver, trickle } from "../Receiver.ts"
import { later, now, outboxOn, pause, receiver, sender, until, verified } from "./place.ts"

const all = Effect.flatMap(Outbox, ({ deliveries }) => Effect.map(deliveries.list(), (list) => list.toReversed()))
const first = Effect.map(all, ([one]) => one!)
const isOver = Effect.map(all, (list) => list.length > 0 && list.every(({ status }) => status !== "pending"))
const tried = (times: number) =>
  until(
    `try ${times}`,
    Effect.map(first, ({ attempts }) => attempts === times)
  )
const got = (far: Receiver, count: number) =>
  until(
    `${count} requests, not ${far.received.length}`,
    Effect.sync(() => far.received.length >= count)
  )
const bodies = (far: Receiver) => far.received.map(({ body }) => JSON.parse(body.toString()))
const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ type: "a.b", data: { n } }))
const hasty = modes["standard"]!
const messageOf = <A, R>(effect: Effect.Effect<A, OutboxError, R>) =>
  Effect.map(Effect.flip(effect), ({ message }) => message)

describe.concurrent.each(databases)("on $name", (engine) => {
  const { onDatabase, withOutbox } = outboxOn(engine)

  describe("a delivery", () => {
    it.effect("is signed, verified by the reference library, and recorded with its try", () =>
      Effect.gen(function* () {
        const { endpoints, announce, deliveries } = yield* Outbox
        const far = yield* receiver
        const endpoint = yield* endpoints.create({
          url: far.on((response) => response.end("thanks")),
          headers: { "x-mine": "1" }
        })

        const [id] = yield* announce([{ type: "agent.started", data: { n: 1 } }])
        yield* until("it is delivered", isOver)

        const [request] = far.received
        assert.deepEqual(verified(endpoint.secret, request!), {
          type: "agent.started",
          timestamp: new Date(now).toISOString(),
          data: { n: 1 }
        })
        assert.strictEqual(request!.headers["x-mine"], "1")
        const delivery = yield* first
        assert.containsSubset(delivery, {
          announcementId: id,
          status: "delivered",
          attempts: 1,
          endpointId: endpoint.id
        })
        assert.strictEqual(request!.headers["webhook-id"], delivery.id)
        assert.match(delivery.id, /^msg_[a-z0-9]+$/)
        const { tries } = yield* deliveries.get(delivery.id)
        assert.containsSubset(tries, [{ number: 1, status: 200, body: "thanks", error: null, at: now }])
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("is tried again by the schedule, with the same id, and a timestamp of its own each time", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const { secret } = yield* endpoints.create({
          url: far.on((response) => response.writeHead(far.received.length < 3 ? 500 : 204).end())
        })
        yield* announce([{ type: "a.b", data: null }])
        yield* tried(1)

        yield* later("3900 millis")
        yield* pause()
        assert.strictEqual(far.received.length, 1)
        yield* later("2200 millis")
        yield* tried(2)
        yield* later("6 minutes")
        yield* until("the third", isOver)

        const headers = far.received.map(({ headers }) => headers)
        assert.strictEqual(new Set(headers.map((one) => one["webhook-id"])).size, 1)
        assert.strictEqual(new Set(headers.map((one) => one["webhook-timestamp"])).size, 3)
        for (const one of far.received) verified(secret, one)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("that waits for its next try is not forgotten when another one to its endpoint succeeds", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        yield* endpoints.create({
          url: far.on((response) => response.writeHead(far.received.length === 1 ? 500 : 200).end())
        })
        yield* announce(numbers(1))
        yield* tried(1)
        yield* later("1 second")
        yield* announce(numbers(1))
        yield* got(far, 2)
        yield* later("5500 millis")
        yield* got(far, 3)
        yield* until("both are delivered", isOver)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("is given up after the last try of its schedule, each with a record", () =>
      Effect.gen(function* () {
        const { endpoints, announce, deliveries } = yield* Outbox
        const far = yield* receiver
        yield* endpoints.create({ url: far.on((response) => response.writeHead(503).end("down")) })
        yield* announce([{ type: "a.b", data: null }])
        for (let attempt = 1; attempt <= 10; attempt++) {
          yield* tried(attempt)
          yield* later(((yield* first).nextAt ?? now) - (yield* Clock.currentTimeMillis))
        }
        const delivery = yield* deliveries.get((yield* first).id)
        assert.containsSubset(delivery, { status: "failed", attempts: 10, nextAt: null })
        assert.include(delivery.reason!, "try 10 of 10")
        assert.deepStrictEqual(
          delivery.tries.map(({ number, status, body }) => [number, status, body]),
          Array.from({ length: 10 }, (_, i) => [i + 1, 503, "down"])
        )
        yield* later("48 hours")
        yield* pause()
        assert.strictEqual(far.received.length, 10)
      }).pipe(Effect.provide(withOutbox({ rules: {} })))
    )

    it.effect(
      "in Wacht's modes: one timestamp for all tries, keys in order, whole seconds; upstream gives up at 400",
      () =>
        Effect.gen(function* () {
          const { endpoints, announce } = yield* Outbox
          const far = yield* receiver
          const wacht = yield* endpoints.create({
            url: far.on((response) => response.writeHead(far.received.length === 1 ? 500 : 200).end()),
            mode: "wacht-upstream"
          })
          yield* announce([{ type: "agent.x", data: { z: 1, a: { d: 1, c: [{ y: 1, x: 2 }] } } }])
          yield* tried(1)
          yield* later("30 seconds")
          yield* until("the second try", isOver)
          const [one, two] = far.received
          assert.strictEqual(one!.headers["user-agent"], "Wacht-Webhook/1.0")
          for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"])
            assert.strictEqual(one!.headers[name], two!.headers[name])
          assert.strictEqual(
            one!.body.toString(),
            `{"data":{"a":{"c":[{"x":2,"y":1}],"d":1},"z":1},"timestamp":"${new Date(now).toISOString().slice(0, 19)}.000Z","type":"agent.x"}`
          )
          verified(wacht.secret, two!)

          yield* endpoints.update(wacht.id, { url: far.on((response) => response.writeHead(400).end()) })
          yield* announce([{ type: "agent.y", data: null }])
          yield* until(
            "the refusal",
            Effect.map(all, (list) => list[1]?.status === "failed")
          )
          assert.include((yield* all)[1]!.reason!, "answered 400; this is not tried again")
        }).pipe(Effect.provide(withOutbox()))
    )
  })

  describe("receivers that misbehave", () => {
    const cases = {
      "429 with Retry-After": {
        on: (far: Receiver) => far.on((response) => response.writeHead(429, { "retry-after": "77" }).end()),
        retryMs: [77_000, 77_000],
        shows: { status: 429, headers: { "retry-after": "77" } }
      },
      "a redirect is not followed": {
        on: (far: Receiver) =>
          far.on((response) => response.writeHead(302, { location: `${far.origin}/elsewhere` }).end()),
        retryMs: [4000, 6000],
        shows: { status: 302 }
      },
      "a connection that breaks off": {
        on: (far: Receiver) => far.on((_, __, socket) => socket.resetAndDestroy()),
        retryMs: [4000, 6000],
        shows: { status: null }
      },
      "an answer that never comes": {
        on: (far: Receiver) => far.on(() => {}),
        retryMs: [4000, 6000],
        shows: { status: null, error: "timeout: no answer within 2000 ms" }
      }
    } as const
    for (const [name, { on, retryMs, shows }] of Object.entries(cases)) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const { endpoints, announce, deliveries } = yield* Outbox
          const far = yield* receiver
          yield* endpoints.create({ url: on(far), mode: name === "an answer that never comes" ? "hasty" : "standard" })
          yield* announce([{ type: "a.b", data: null }])
          yield* tried(1)
          const { tries, nextAt, status } = yield* deliveries.get((yield* first).id)
          assert.strictEqual(status, "pending")
          assert.containsSubset(tries, [shows])
          assert.isAtLeast(nextAt!, now + retryMs[0])
          assert.isAtMost(nextAt!, now + retryMs[1])
          assert.strictEqual(far.received.length, 1)
        }).pipe(Effect.provide(withOutbox({ rules: { hasty: { ...hasty, timeoutMs: 2000 } } })))
      )
    }

    it.effect("an endless body, and one that trickles: the status counts, and 2 KiB are kept", () =>
      Effect.gen(function* () {
        const { endpoints, announce, deliveries } = yield* Outbox
        const far = yield* receiver
        for (const write of [endless, trickle])
          yield* endpoints.create({ mode: "hasty", url: far.on((response) => write(response.writeHead(200))) })
        yield* announce([{ type: "a.b", data: null }])
        yield* until("both are delivered", isOver)
        for (const { id, status } of yield* all) {
          assert.strictEqual(status, "delivered")
          const { tries } = yield* deliveries.get(id)
          assert.isTrue(tries[0]!.truncated)
          assert.isAtMost(tries[0]!.body.length, 2048)
        }
      }).pipe(Effect.provide(withOutbox({ rules: { hasty: { ...hasty, timeoutMs: 10_000 } } })))
    )

    it.effect("410 disables the endpoint; what follows is held, and can be replayed", () =>
      Effect.gen(function* () {
        const { endpoints, announce, deliveries } = yield* Outbox
        const far = yield* receiver
        const ops = yield* receiver
        let status = 410
        const { id, url } = yield* endpoints.create({ url: far.on((response) => response.writeHead(status).end()) })
        yield* endpoints.create({ url: ops.on((response) => response.end()), events: ["endpoint.*"] })
        yield* announce([{ type: "a.b", data: 1 }])
        yield* until(
          "it is disabled",
          Effect.map(endpoints.get(id), (one) => one.status === "disabled")
        )
        const reason = "the receiver answered 410 Gone"
        assert.containsSubset(yield* first, { status: "failed", reason })
        yield* got(ops, 1)
        assert.containsSubset(bodies(ops), [{ type: "endpoint.disabled", data: { endpointId: id, url, reason } }])

        yield* announce([{ type: "a.b", data: 2 }])
        const held = (yield* deliveries.list({ endpointId: id, status: "held" }))[0]!
        assert.strictEqual(held.reason, `the endpoint is disabled: ${reason}`)
        assert.include(yield* messageOf(deliveries.replay({ ids: [held.id] })), "enable it first")

        status = 200
        yield* endpoints.enable(id)
        yield* pause()
        assert.strictEqual(far.received.length, 1)
        const replayed = yield* deliveries.replay({ endpointId: id, from: now })
        assert.deepStrictEqual(
          replayed.map(({ replayOf }) => replayOf),
          [(yield* first).id, held.id]
        )
        yield* got(far, 3)
        assert.deepStrictEqual(
          bodies(far)
            .slice(1)
            .map(({ data }) => data)
            .toSorted(),
          [1, 2]
        )
        assert.strictEqual(new Set(far.received.map(({ headers }) => headers["webhook-id"])).size, 3)
        assert.deepStrictEqual(yield* deliveries.replay({ endpointId: id, from: now }), [])
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("only failures for five days disable it, and nothing less does", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        let status = 500
        const { id } = yield* endpoints.create({
          url: far.on((response) => response.writeHead(status).end()),
          mode: "once"
        })
        const fail = Effect.gen(function* () {
          const before = far.received.length
          yield* announce([{ type: "a.b", data: null }])
          yield* got(far, before + 1)
          yield* until("its record", isOver)
          return (yield* endpoints.get(id)).status
        })
        assert.strictEqual(yield* fail, "enabled")
        yield* later("6 days")
        // Two failures that lie far apart are no five days of failures.
        assert.strictEqual(yield* fail, "enabled")
        status = 200
        assert.strictEqual(yield* fail, "enabled")
        status = 500
        for (let day = 0; day < 5; day++) {
          assert.strictEqual(yield* fail, "enabled", `day ${day}`)
          yield* later("1 day")
        }
        assert.strictEqual(yield* fail, "disabled")
        assert.include((yield* endpoints.get(id)).reason!, "every delivery failed since")
      }).pipe(Effect.provide(withOutbox({ rules: { once: { ...hasty, attempts: 1 } } })))
    )

    it.effect("in Wacht's modes: ten exhausted deliveries within a day", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const { id } = yield* endpoints.create({
          url: far.on((response) => response.writeHead(500).end()),
          mode: "once"
        })
        yield* announce(numbers(9))
        yield* until("nine are given up", isOver)
        assert.strictEqual((yield* endpoints.get(id)).status, "enabled")
        yield* announce(numbers(1))
        yield* until(
          "it is disabled",
          Effect.map(endpoints.get(id), ({ status }) => status === "disabled")
        )
      }).pipe(Effect.provide(withOutbox({ rules: { once: { ...modes["wacht-upstream"]!, attempts: 1 } } })))
    )
  })

  describe("endpoints", () => {
    it.effect("get what they ask for", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const on = (settings: object) => endpoints.create({ url: far.on((response) => response.end()), ...settings })
        yield* on({ events: ["agent.*"] })
        yield* on({ events: ["agent.b"], filter: { status: "failed" } })
        yield* on({ events: ["other"] })
        yield* announce([
          { type: "agent.a", data: {} },
          { type: "agent.b", data: { status: "failed" } },
          { type: "agent.b", data: {} }
        ])
        yield* until("all are delivered", isOver)
        assert.deepStrictEqual(
          far.received.map(({ path, body }) => `${path} ${JSON.parse(body.toString()).type}`).toSorted(),
          ["/1 agent.a", "/1 agent.b", "/1 agent.b", "/2 agent.b"]
        )
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("are refused where the guard refuses, at save, at test and at send, in the same words", () =>
      Effect.gen(function* () {
        const { endpoints, deliveries, announce } = yield* Outbox
        const sql = yield* SqlClient.SqlClient
        const far = yield* receiver
        const url = "http://169.254.169.254/latest"
        const atSave = yield* messageOf(endpoints.create({ url }))
        assert.include(atSave, "169.254.169.254:80 is refused")
        const { id } = yield* endpoints.create({ url: far.on((response) => response.end()) })
        assert.strictEqual(yield* messageOf(endpoints.update(id, { url })), atSave)
        yield* sql`UPDATE outbox_endpoint SET url = ${url}`
        yield* sql`UPDATE outbox_revision SET revision = 'by hand'`
        assert.strictEqual(yield* messageOf(deliveries.test(id)), atSave)
        yield* announce([{ type: "a.b", data: null }])
        yield* tried(1)
        const { tries } = yield* deliveries.get((yield* first).id)
        assert.include(atSave, tries[0]!.error!.replace("refused: ", ""))
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("what cannot be saved is said", () =>
      Effect.gen(function* () {
        const { endpoints } = yield* Outbox
        const url = "http://127.0.0.1:8080/"
        const wrong: ReadonlyArray<readonly [object, string]> = [
          [{ events: ["a*"] }, `expected a type such as`],
          [{ filter: { a: { $near: 1 } } }, "the filter.a: expected one of $eq"],
          [{ headers: { "webhook-id": "x" } }, "webhook-id is set by Tenterhook itself"],
          [{ concurrency: 0 }, "concurrency: expected a whole number from 1, got 0"],
          [{ ratePerSecond: -1 }, "ratePerSecond: expected a number above 0, got -1"],
          [{ mode: "fast" }, "mode: expected one of standard, wacht-documented, wacht-upstream, got"],
          [{ rules: [] }, "the endpoint: rules: expected an object of attempts, delaysMs, jitter, windowMs"],
          [
            { rules: { delaysMs: [] } },
            "the endpoint: rules.delaysMs: expected 1 to 100 whole numbers from 1 to 2592000000"
          ],
          [{ rules: { delaysMs: [50, 0.5] } }, "the endpoint: rules.delaysMs: expected 1 to 100 whole numbers"],
          [{ rules: { attempts: 0 } }, "the endpoint: rules.attempts: expected a whole number from 1 to 1000, got 0"],
          [
            { rules: { timeoutMs: Infinity } },
            "rules.timeoutMs: expected a whole number from 1 to 600000, got Infinity"
          ],
          [{ rules: { jitter: 2 } }, "rules.jitter: expected a number from 0 to 1, got 2"],
          [
            { rules: { windowMs: -1 } },
            "rules.windowMs: expected a whole number from 1 to 31622400000, or null, got -1"
          ],
          [{ rules: { retries: "never" } }, `rules.retries: expected "any" or "transient", got 'never'`],
          [{ rules: { maxAttempts: 3 } }, "rules.maxAttempts: expected one of attempts, delaysMs"],
          [{ rules: { body: "wacht" } }, "rules.body: expected one of attempts, delaysMs"],
          [{ secret: "hunter2" }, "expected a secret that begins with whsec_"],
          [{ url: "ftp://example.org" }, "only http and https"]
        ]
        for (const [settings, part] of wrong) {
          const message = yield* messageOf(endpoints.create({ url, ...settings }))
          assert.include(message, part)
          assert.notInclude(message, "hunter2")
        }
        assert.include(yield* messageOf(endpoints.get("ep_none")), `expected the id of an endpoint, got "ep_none"`)
        assert.deepStrictEqual(yield* endpoints.list, [])
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("have rules of their own beside their mode's: absent stays, null takes them back", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const rules = { windowMs: null, delaysMs: [50], attempts: 3, jitter: 0 }
        const { id } = yield* endpoints.create({ url: far.on((response) => response.writeHead(500).end()), rules })

        yield* announce(numbers(1))
        yield* tried(1)
        assert.strictEqual((yield* first).nextAt, now + 50)
        yield* later("50 millis")
        yield* tried(2)
        yield* later("50 millis")
        yield* until("it is given up", isOver)
        assert.include((yield* first).reason!, "try 3 of 3")

        assert.deepStrictEqual((yield* endpoints.update(id, { concurrency: 2 })).rules, rules)
        const wrong = yield* messageOf(endpoints.update(id, { rules: { delaysMs: [0] } }))
        assert.include(wrong, "the endpoint: rules.delaysMs: expected 1 to 100 whole numbers")
        assert.deepStrictEqual((yield* endpoints.get(id)).rules, rules)
        assert.deepStrictEqual((yield* endpoints.update(id, { rules: { timeoutMs: 7 } })).rules, { timeoutMs: 7 })
        assert.strictEqual((yield* endpoints.update(id, { rules: null })).rules, null)
        assert.strictEqual((yield* endpoints.get(id)).rules, null)
        yield* announce(numbers(1))
        yield* until(
          "it is tried by its mode's rules",
          Effect.map(all, (list) => list[1]?.attempts === 1)
        )
        const waits = (yield* all)[1]!.nextAt! - (yield* Clock.currentTimeMillis)
        assert.isTrue(waits >= 4000 && waits <= 6000, `${waits} ms`)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("paused: everything waits, and comes when resumed", () =>
      Effect.gen(function* () {
        const { endpoints, announce, drain } = yield* Outbox
        const far = yield* receiver
        const { id } = yield* endpoints.create({ url: far.on((response) => response.end()) })
        yield* endpoints.pause(id)
        yield* announce(numbers(3))
        yield* pause()
        assert.strictEqual(far.received.length, 0)
        assert.deepStrictEqual(yield* drain(10_000), { empty: true, pending: 0 })
        yield* endpoints.resume(id)
        yield* got(far, 3)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("disabled by hand: what is pending is held, and comes if it is asked for", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const { id } = yield* endpoints.create({ url: far.on((response) => response.end()) })
        yield* endpoints.pause(id)
        yield* announce(numbers(2))
        yield* endpoints.disable(id, "moved")
        assert.deepStrictEqual(
          (yield* all).map(({ status, reason }) => [status, reason]),
          [
            ["held", "the endpoint is disabled: moved"],
            ["held", "the endpoint is disabled: moved"]
          ]
        )
        yield* endpoints.enable(id, { deliverHeld: true })
        yield* got(far, 2)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("a new secret signs beside the old one for a day", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const { id, secret: old } = yield* endpoints.create({ url: far.on((response) => response.end()) })
        const { secret: fresh } = yield* endpoints.rotateSecret(id)
        yield* announce([{ type: "a.b", data: 1 }])
        yield* got(far, 1)
        verified(old, far.received[0]!)
        verified(fresh, far.received[0]!)
        yield* later("25 hours")
        yield* announce([{ type: "a.b", data: 2 }])
        yield* got(far, 2)
        verified(fresh, far.received[1]!)
        assert.throws(() => verified(old, far.received[1]!))
        assert.deepStrictEqual(yield* endpoints.secrets(id), [fresh])
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("a test goes to this one alone, whatever it wants", () =>
      Effect.gen(function* () {
        const { endpoints, deliveries } = yield* Outbox
        const far = yield* receiver
        const make = () => endpoints.create({ url: far.on((response) => response.end()), events: ["never"] })
        const { id, secret } = yield* make()
        yield* make()
        const { type } = yield* deliveries.test(id)
        assert.strictEqual(type, "test.webhook")
        yield* until("it is delivered", isOver)
        assert.strictEqual(far.received.length, 1)
        verified(secret, far.received[0]!)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("removed with what they had, also while it is being sent", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const sql = yield* SqlClient.SqlClient
        const far = yield* receiver
        const answers: Array<() => void> = []
        const { id } = yield* endpoints.create({
          url: far.on((response) => {
            if (far.received.length === 1) response.end()
            else answers.push(() => response.end())
          })
        })
        yield* announce(numbers(1))
        yield* until("it is delivered", isOver)
        yield* announce(numbers(3))
        yield* got(far, 4)
        yield* endpoints.remove(id)
        for (const answer of answers) answer()
        yield* announce(numbers(1))
        yield* pause()
        assert.deepStrictEqual(yield* all, [])
        for (const table of ["attempt", "lease", "delivery"])
          assert.deepStrictEqual(yield* sql`SELECT * FROM ${sql(`outbox_${table}`)}`, [], table)
      }).pipe(Effect.provide(withOutbox()))
    )
  })

  describe("pace", () => {
    it.effect("no more at a time than the endpoint's concurrency, and all in the end", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        let most = 0
        const held: Array<ServerResponse> = []
        const url = far.on((response) => {
          most = Math.max(most, far.alive())
          held.push(response)
          // None is answered before three have come.
          if (most >= 3) setTimeout(() => held.splice(0).forEach((one) => one.end()), 15)
        })
        yield* endpoints.create({ url, concurrency: 3 })
        yield* announce(numbers(30))
        yield* until("all are delivered", isOver)
        assert.strictEqual(most, 3)
        assert.strictEqual(far.received.length, 30)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("first in, first out: one that fails holds up those behind it", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        let failures = 0
        const url = far.on((response, { body }) => {
          const fails = JSON.parse(body.toString()).data.n === 2 && failures++ === 0
          response.writeHead(fails ? 500 : 200).end()
        })
        yield* endpoints.create({ url, fifo: true })
        for (const one of numbers(6)) yield* announce([one])
        yield* until(
          "the third has failed",
          Effect.map(all, (list) => list[2]!.attempts === 1)
        )
        yield* pause()
        assert.deepStrictEqual(
          bodies(far).map(({ data }) => data.n),
          [0, 1, 2]
        )
        yield* later("7 seconds")
        yield* until("all are delivered", isOver)
        assert.deepStrictEqual(
          bodies(far).map(({ data }) => data.n),
          [0, 1, 2, 2, 3, 4, 5]
        )
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("first in, first out, of one call as of several, with keys and without, and of what waited before", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const { id } = yield* endpoints.create({ url: far.on((response) => response.end()), concurrency: 20 })
        yield* endpoints.pause(id)
        const list = numbers(60)
        yield* announce(list.slice(0, 20))
        yield* endpoints.update(id, { fifo: true })
        yield* announce(
          list.slice(20, 40).map((one, n) => ({ ...one, key: n % 3 === 0 ? `key ${n}` : `other ${99 - n}` }))
        )
        yield* announce(list.slice(40).map((one, n) => (n % 2 === 0 ? one : { ...one, key: `last ${n}` })))
        yield* endpoints.resume(id)
        yield* until("all are delivered", isOver)
        assert.deepStrictEqual(
          bodies(far).map(({ data }) => data.n),
          list.map((_, n) => n)
        )
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("no faster than the endpoint's rate", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        yield* endpoints.create({ url: far.on((response) => response.end()), ratePerSecond: 2 })
        yield* announce(numbers(5))
        for (let i = 1; i <= 5; i++) {
          yield* got(far, i)
          yield* pause(30)
          assert.strictEqual(far.received.length, i)
          yield* later("500 millis")
        }
        yield* until("all are delivered", isOver)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("one endpoint that hangs does not hold up another", () =>
      Effect.gen(function* () {
        const { endpoints, announce } = yield* Outbox
        const far = yield* receiver
        const good = yield* receiver
        yield* endpoints.create({ url: far.on(() => {}) })
        yield* endpoints.create({ url: good.on((response) => response.end()) })
        yield* announce(numbers(40))
        yield* got(good, 40)
      }).pipe(Effect.provide(withOutbox({ maxInFlight: 20, graceMs: 10 })))
    )
  })

  describe("announcing", () => {
    it.effect("shares a commit among those who come together, and gives each its own ids", () =>
      Effect.gen(function* () {
        const { announce, deliveries, endpoints } = yield* Outbox
        const far = yield* receiver
        yield* endpoints.create({ url: far.on((response) => response.end()) })
        const ids = yield* Effect.all(
          numbers(200).map((one) => announce([one, { type: "a.c", data: null }])),
          {
            concurrency: "unbounded"
          }
        )
        assert.strictEqual(new Set(ids.flat()).size, 400)
        const [delivery] = yield* deliveries.list({ announcementId: ids[150]![1]! })
        assert.strictEqual(delivery!.type, "a.c")
        yield* got(far, 400)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("counts a key once, over commits and within one", () =>
      Effect.gen(function* () {
        const { announce, endpoints } = yield* Outbox
        const far = yield* receiver
        yield* endpoints.create({ url: far.on((response) => response.end()) })
        const one = { type: "a.b", data: 1, key: "k" }
        const [id] = yield* announce([one])
        assert.deepStrictEqual(yield* announce([one, one, { ...one, data: 2 }]), [id!, id!, id!])
        yield* until("it is delivered", isOver)
        assert.strictEqual((yield* all).length, 1)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("belongs to the caller's own transaction where there is one", () =>
      Effect.gen(function* () {
        const { announce, endpoints } = yield* Outbox
        const sql = yield* SqlClient.SqlClient
        const far = yield* receiver
        yield* endpoints.create({ url: far.on((response) => response.end()) })
        const undone = yield* Effect.exit(sql.withTransaction(Effect.andThen(announce(numbers(1)), Effect.fail("no"))))
        assert.isTrue(Exit.isFailure(undone))
        assert.deepStrictEqual(yield* all, [])
        yield* sql.withTransaction(announce(numbers(1)))
        yield* got(far, 1)
      }).pipe(Effect.provide(withOutbox()))
    )

    it.effect("refuses what is no JSON and what is no type", () =>
      Effect.gen(function* () {
        const { announce } = yield* Outbox
        const loop: Record<string, unknown> = {}
        loop["loop"] = loop
        assert.include(yield* messageOf(announce([{ type: "a.b", data: loop }])), "its data is no JSON")
        assert.include(yield* messageOf(announce([{ type: "a b", data: 1 }])), "expected a type of names with dots")
      }).pipe(Effect.provide(withOutbox()))
    )
  })

  describe("processes", () => {
    it.effect(
      "two workers on one database: each delivery once, whoever takes it, and no more at a time than the endpoint takes",
      () =>
        Effect.gen(function* () {
          const database = yield* engine.database
          const far = yield* receiver
          const one = yield* Layer.build(withOutbox({ pollMs: 50 }, database))
          const two = yield* Layer.build(withOutbox({ pollMs: 50 }, database))
          const left = yield* Effect.provideContext(Outbox, one)
          const right = yield* Effect.provideContext(Outbox, two)
          let open = 0
          let most = 0
          const url = far.on((response) => {
            most = Math.max(most, ++open)
            setTimeout(() => {
              open--
              response.end()
            }, 3)
          })
          yield* left.endpoints.create({ url, concurrency: 4 })
          yield* Effect.all([left.announce(numbers(60)), right.announce(numbers(60))], { concurrency: 2 })
          yield* until(
            "all are delivered",
            Effect.gen(function* () {
              yield* later("50 millis")
              return (yield* left.stats).delivered === 120
            })
          )
          assert.isAtMost(most, 4)
          assert.strictEqual(far.received.length, 120)
          assert.strictEqual(new Set(far.received.map(({ headers }) => headers["webhook-id"])).size, 120)
        })
    )

    it.effect("what a dead one had taken comes back when its lease has run out", () =>
      Effect.gen(function* () {
        const database = yield* engine.database
        const far = yield* receiver
        yield* Effect.gen(function* () {
          const { endpoints, announce } = yield* Outbox
          const sql = yield* SqlClient.SqlClient
          const { id } = yield* endpoints.create({ url: far.on((response) => response.end()) })
          yield* announce(numbers(1))
          const [taken] = yield* sql<{ seq: unknown }>`SELECT seq FROM outbox_delivery`
          // Postgres goes by its own clock, which no test moves.
          const until = engine.name === "postgres" ? Date.now() + 2000 : now + 20_000
          yield* sql`INSERT INTO outbox_lease ${sql.insert({
            id: "a lease",
            endpoint_id: id,
            until,
            deliveries: JSON.stringify([Number(taken!.seq)])
          })}`
        }).pipe(Effect.provide(withoutWorker(database)))

        yield* Effect.gen(function* () {
          yield* pause()
          assert.strictEqual(far.received.length, 0)
          yield* later("21 seconds")
          yield* until(
            "it is sent",
            Effect.andThen(
              later("5 seconds"),
              Effect.sync(() => far.received.length > 0)
            )
          )
          yield* until("it is delivered", isOver)
        }).pipe(Effect.provide(withOutbox({ pollMs: 5000 }, database)))
      })
    )

    it.effect("a worker that ends waits for its requests, and records them", () =>
      Effect.gen(function* () {
        const database = yield* engine.database
        const far = yield* receiver
        yield* Effect.gen(function* () {
          const { endpoints, announce } = yield* Outbox
          yield* endpoints.create({ url: far.on((response) => void setTimeout(() => response.end(), 150)) })
          yield* announce(numbers(3))
          yield* got(far, 3)
        }).pipe(Effect.provide(withOutbox({}, database)))
        const after = yield* Effect.provide(
          Effect.map(all, (list) => list.map(({ status }) => status)),
          withoutWorker(database)
        )
        assert.deepStrictEqual(after, ["delivered", "delivered", "delivered"])
      })
    )

    it.live("drain waits for what can still be delivered in the time, and no longer", () =>
      Effect.gen(function* () {
        const { endpoints, announce, drain, stats } = yield* Outbox
        const far = yield* receiver
        yield* endpoints.create({
          mode: "soon",
          url: far.on((response) => response.writeHead(far.received.length === 1 ? 500 : 200).end())
        })
        yield* announce(numbers(1))
        assert.deepStrictEqual(yield* drain(40_000), { empty: true, pending: 0 })
        assert.strictEqual(far.received.length, 2)
        const rules = { delaysMs: [3_600_000] }
        yield* endpoints.create({ url: far.on((response) => response.writeHead(500).end()), rules })
        yield* announce(numbers(1))
        const since = Date.now()
        assert.deepStrictEqual(yield* drain(120_000), { empty: false, pending: 1 })
        assert.isBelow(Date.now() - since, 60_000)
        assert.containsSubset(yield* stats, { pending: 1, delivered: 2, inFlight: 0, oldestDueMs: 0 })
      }).pipe(Effect.provide(onDatabase({ pollMs: 200, rules: { soon: { ...hasty, delaysMs: [200] } } })))
    )
  })
})

const withoutWorker = ({ client }: Database) =>
  Layer.unwrap(Effect.map(sender, (sender) => Outbox.layer({ sender }))).pipe(Layer.provideMerge(client))
