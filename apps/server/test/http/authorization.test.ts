import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:http"
import { makeTokenBuckets } from "../../src/http/TokenBuckets.ts"
import { post, type SampleSettings, type Sample, serveSample } from "./Sample.ts"

const withSample = <A, E>(settings: SampleSettings, test: (sample: Sample) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(serveSample(settings), test))

/** Without fetch, which sets some of these headers itself. */
const raw = (port: number, headers: Record<string, string>, path = "/things") =>
  Effect.promise(
    () =>
      new Promise<{ status: number; json: any }>((done, failed) => {
        const sent = request({ host: "127.0.0.1", port, path, headers }, (response) => {
          let text = ""
          response.on("data", (chunk) => (text += chunk))
          response.on("end", () => done({ status: response.statusCode!, json: JSON.parse(text) }))
        })
        sent.on("error", failed)
        sent.end()
      })
  )

describe.concurrent("a key", () => {
  it.live("is needed, and has to be known", () =>
    withSample({}, (sample) =>
      Effect.gen(function* () {
        const none = yield* raw(sample.port, {})
        assert.deepInclude(none.json, { status: 401, type: "urn:tenterhook:problem:unauthorized" })
        assert.strictEqual(none.json.errors[0].field, "headers.authorization")
        for (const authorization of [
          "Bearer",
          "Basic YTpi",
          "Bearer th_nothing",
          `Bearer ${sample.key}x`,
          sample.key
        ]) {
          const answer = yield* sample.ask("/things", { headers: { authorization } })
          assert.strictEqual(answer.status, 401, authorization)
          assert.strictEqual(answer.headers.get("www-authenticate"), "Bearer")
          assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
          assert.strictEqual(answer.json.errors[0].field, "headers.authorization")
          assert.notInclude(answer.text, sample.key)
        }
        assert.strictEqual((yield* sample.ask("/things")).status, 200)
        assert.strictEqual((yield* raw(sample.port, {}, "/livez")).status, 200)
      })
    )
  )

  it.live("needs the scopes of the route", () =>
    withSample({}, (sample) =>
      Effect.gen(function* () {
        const { key, id } = yield* sample.keys.create({ scopes: ["agents:write", "tools:write"] })
        const headers = { authorization: `Bearer ${key}` }
        const made = yield* sample.ask("/things", post({ name: "a" }, headers))
        assert.deepInclude(made.json, { name: "a", by: id })
        const refused = yield* sample.ask("/things", { headers })
        assert.deepInclude(refused.json, { status: 403, missing: ["agents:read"] })
        assert.strictEqual(refused.json.errors[0].field, "headers.authorization")
        const half = yield* sample.ask("/things/a", { ...post({}, headers), method: "PUT" })
        assert.deepInclude(half.json, { status: 403, missing: ["hooks:write"] })
      })
    )
  )

  it.live("that was revoked stops", () =>
    withSample({}, (sample) =>
      Effect.gen(function* () {
        const { key, id } = yield* sample.keys.create({})
        const init = { headers: { authorization: `Bearer ${key}` } }
        assert.strictEqual((yield* sample.ask("/things", init)).status, 200)
        yield* sample.keys.revoke(id)
        assert.strictEqual((yield* sample.ask("/things", init)).status, 401)
      })
    )
  )

  it.live("has a rate of its own", () =>
    withSample({ ratePerSecond: 0.05 }, (sample) =>
      Effect.gen(function* () {
        const other = yield* sample.keys.create({})
        assert.strictEqual((yield* sample.ask("/things")).status, 200)
        const { json, headers } = yield* sample.ask("/things")
        assert.deepInclude(json, { status: 429, type: "urn:tenterhook:problem:too-many-requests" })
        assert.strictEqual(json.errors[0].field, "headers.authorization")
        assert.isTrue(json.retryAfterSeconds > 0 && json.retryAfterSeconds <= 20, json.retryAfterSeconds)
        assert.strictEqual(headers.get("retry-after"), String(json.retryAfterSeconds))
        const its = yield* sample.ask("/things", { headers: { authorization: `Bearer ${other.key}` } })
        assert.strictEqual(its.status, 200)
      })
    )
  )
})

it("a bucket holds what a second brings, and fills up evenly", () => {
  const { take } = makeTokenBuckets(4)
  const takes = (nowMs: number, count: number) => Array.from({ length: count }, () => take("a", nowMs))
  assert.deepStrictEqual(takes(0, 5), [0, 0, 0, 0, 1])
  assert.deepStrictEqual(takes(250, 2), [0, 1])
  assert.deepStrictEqual(takes(60_000, 5), [0, 0, 0, 0, 1])
  // A clock that was set back takes nothing away and gives nothing.
  assert.deepStrictEqual(takes(30_000, 1), [1])
  assert.strictEqual(take("b", 30_000), 0)
})

describe("no key on loopback", () => {
  it.live("lets programs of this machine in, and no web page, no proxy, no wrong key", () =>
    withSample({ noKeyOnLoopback: true }, ({ port }) =>
      Effect.gen(function* () {
        const own = { host: `127.0.0.1:${port}` }
        const taken: ReadonlyArray<Record<string, string>> = [
          own,
          { host: `localhost:${port}` },
          { ...own, origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" },
          { ...own, "sec-fetch-site": "none" }
        ]
        for (const headers of taken)
          assert.strictEqual((yield* raw(port, headers)).status, 200, JSON.stringify(headers))
        const refused: ReadonlyArray<readonly [field: string, headers: Record<string, string>]> = [
          ["headers.host", { host: `rebound.example:${port}` }],
          ["headers.host", { host: `127.0.0.1.example:${port}` }],
          ["headers.origin", { ...own, origin: "https://example.com" }],
          ["headers.origin", { ...own, origin: "null" }],
          ["headers.origin", { ...own, origin: `http://localhost:${port}` }],
          ["headers.sec-fetch-site", { ...own, "sec-fetch-site": "cross-site" }],
          ["headers.sec-fetch-site", { ...own, "sec-fetch-site": "same-site" }],
          ["headers.authorization", { ...own, "x-forwarded-for": "203.0.113.9" }],
          ["headers.authorization", { ...own, authorization: "Bearer th_wrong" }]
        ]
        for (const [field, headers] of refused) {
          const { status, json } = yield* raw(port, headers)
          assert.deepStrictEqual([status, json.errors[0].field], [401, field], JSON.stringify(headers))
        }
      })
    )
  )
})
