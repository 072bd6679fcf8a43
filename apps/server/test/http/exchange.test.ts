import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:http"
import { post, type Sample, type SampleSettings, serveSample } from "./Sample.ts"

const withSample = <A, E>(test: (sample: Sample) => Effect.Effect<A, E>, settings: SampleSettings = {}) =>
  Effect.scoped(Effect.flatMap(serveSample(settings), test))

const form = { "content-type": "application/x-www-form-urlencoded" }

/** Chunked: nobody knows beforehand how long it is. */
const chunked = (sample: Sample, chunks: number) =>
  Effect.promise(
    () =>
      new Promise<{ status: number; json: any }>((done, failed) => {
        const headers = { authorization: `Bearer ${sample.key}`, "content-type": "application/json" }
        const sent = request(`${sample.url}/things`, { method: "POST", headers }, (response) => {
          let text = ""
          response.on("data", (chunk) => (text += chunk))
          response.on("end", () => done({ status: response.statusCode!, json: JSON.parse(text) }))
        })
        sent.on("error", failed)
        sent.write(`{"name":"`)
        for (let i = 0; i < chunks; i++) sent.write("x".repeat(1000))
        sent.end(`"}`)
      })
  )

describe.concurrent("a request that does not fit", () => {
  it.live("is told with an entry for each thing, and its field", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        const { json, headers } = yield* sample.ask("/things", post({ name: 1, count: "x", context: [] }))
        assert.strictEqual(headers.get("content-type"), "application/problem+json")
        assert.deepInclude(json, { status: 400, type: "urn:tenterhook:problem:invalid-request" })
        assert.deepStrictEqual(
          json.errors.map((one: { field: string }) => one.field),
          ["payload.name", "payload.count", "payload.context"]
        )
        const query = yield* sample.ask("/things?limit=201")
        assert.deepStrictEqual(query.json.errors, [
          { field: "query.limit", message: "Expected a value between 1 and 200" }
        ])
      })
    )
  )

  it.live("has a key twice: both places are in the answer", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        const { status, json } = yield* sample.ask("/things", post('{"name":"a","context":{"a":1,"\\u0061":2}}'))
        assert.strictEqual(status, 400)
        assert.deepStrictEqual(json.errors, [
          {
            field: "payload.context.a",
            message: '1:30: duplicate key "a": it stands at 1:24 already; keep one of them'
          }
        ])
      })
    )
  )

  it.live("is told where its JSON ends to be JSON", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        for (const [body, words] of [
          ["{", /expected JSON.*position 1/],
          [`{"name": NaN}`, /expected JSON.*NaN/],
          ["", /expected a JSON body, got none/],
          ["\u0000", /expected JSON/]
        ] as const) {
          const { status, json } = yield* sample.ask("/things", post(body))
          assert.deepStrictEqual([status, json.errors[0].field], [400, "payload"], body)
          assert.match(json.errors[0].message, words)
        }
      })
    )
  )

  it.live("gets back little of what it sent", () =>
    withSample(
      (sample) =>
        Effect.gen(function* () {
          const long = "k".repeat(100_000)
          const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${long.slice(0, 40)}${i}`, i]))
          for (const body of [{ name: [long] }, { name: "a", context: long }, { name: "a", count: long }, many]) {
            const answer = yield* sample.ask("/things", post(body))
            assert.strictEqual(answer.status, 400)
            assert.isBelow(answer.text.length, 50_000)
          }
          const one = yield* sample.ask("/things/a", { ...post(`{"${long}": 1e999}`), method: "PUT" })
          assert.deepStrictEqual([one.status, one.text.length < 2000], [400, true])
        }),
      { maxBodyBytes: 1_000_000 }
    )
  )

  it.live("is refused when it is larger than the server takes, at once or while it comes", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        const known = yield* sample.ask("/things", post({ name: "x".repeat(10_000) }))
        assert.deepInclude(known.json, { status: 413, limitBytes: 10_000 })
        assert.strictEqual(known.json.errors[0].field, "payload")
        const unknown = yield* chunked(sample, 11)
        assert.deepInclude(unknown.json, { status: 413, limitBytes: 10_000 })
        assert.strictEqual((yield* chunked(sample, 9)).status, 201)
        assert.strictEqual(sample.behaviour.made, 1)
      })
    )
  )

  it.live("is refused when it is no JSON by its type; curl's default is taken, with a key", () =>
    withSample(
      (sample) =>
        Effect.gen(function* () {
          const text = yield* sample.ask("/things", post({ name: "a" }, { "content-type": "text/plain" }))
          assert.deepInclude(text.json, { status: 415, type: "urn:tenterhook:problem:unsupported-media" })
          assert.strictEqual(text.json.errors[0].field, "headers.content-type")
          assert.strictEqual((yield* sample.ask("/things", post({ name: "a" }, form))).status, 201)
          const keyless = yield* Effect.promise(() =>
            fetch(`${sample.url}/things`, { method: "POST", body: `{"name":"a"}`, headers: form })
          )
          assert.strictEqual(keyless.status, 415)
          yield* Effect.promise(() => keyless.text())
        }),
      { noKeyOnLoopback: true }
    )
  )

  it.live("is refused when it is nested absurdly deep, and only then", () =>
    withSample(
      (sample) =>
        Effect.gen(function* () {
          const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`
          const put = (body: string) => sample.ask("/things/a", { ...post(body), method: "PUT" })
          assert.strictEqual((yield* put(nested(200))).status, 200)
          for (const depth of [201, 5_000, 200_000]) {
            const { status, json } = yield* put(nested(depth))
            assert.deepStrictEqual([status, json.errors[0].field], [400, "payload"])
          }
          const text = JSON.stringify({ a: `"\\${"[".repeat(1000)}` })
          assert.strictEqual((yield* put(text)).status, 200)
        }),
      { maxBodyBytes: 1_000_000 }
    )
  )
})

describe.concurrent("a fault of the server", () => {
  it.live("is told by its name only; the log has the cause under the same", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        for (const [name, cause] of [
          ["broken", "the secret of the database is 1234"],
          ["unfit", "made"],
          ["locked", "nothing"]
        ]) {
          const { status, json, text } = yield* sample.ask("/things", post({ name }))
          assert.deepInclude(json, { status: 500, type: "urn:tenterhook:problem:internal" })
          assert.strictEqual(status, 500)
          assert.match(json.instance, /^urn:uuid:[0-9a-f-]{36}$/)
          assert.notInclude(text, cause!)
          const line = sample.logged.find((one) => one.includes(json.instance))
          assert.include(line, cause)
        }
      })
    )
  )
})

describe.concurrent("a server that is about to end", () => {
  it.live("sends requests elsewhere, and tells its health all the same", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        sample.behaviour.isDraining = true
        const { json, headers } = yield* sample.ask("/things")
        assert.deepInclude(json, { status: 503, type: "urn:tenterhook:problem:unavailable" })
        assert.strictEqual(headers.get("connection"), "close")
        assert.strictEqual((yield* sample.ask("/livez")).status, 200)
        sample.behaviour.isDraining = false
        assert.strictEqual((yield* sample.ask("/things")).status, 200)
      })
    )
  )
})

describe.concurrent("a route", () => {
  it.live("that is unknown is 404, and its method 405", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        for (const path of ["/", "/nothing", "/things/a/b/c", "/%zz", "/things/%ff", `/things/${"x".repeat(513)}`]) {
          const { status, json } = yield* sample.ask(path)
          assert.deepStrictEqual([status, json.status, json.errors[0].field], [404, 404, "path"], path)
        }
        for (const [method, path, allow] of [
          ["DELETE", "/things", "HEAD, GET, POST"],
          ["PATCH", "/things/a", "HEAD, GET, PUT"],
          ["POST", "/livez", "HEAD, GET"],
          ["OPTIONS", "/things", "HEAD, GET, POST"],
          ["POST", "/openapi.json", "HEAD, GET"],
          ["GET", "/things/a/turn", "POST"],
          ["HEAD", "/things/a/turn", "POST"]
        ] as const) {
          const answer = yield* sample.ask(path, { method })
          assert.deepStrictEqual([answer.status, answer.headers.get("allow")], [405, allow], `${method} ${path}`)
          if (method !== "HEAD") assert.strictEqual(answer.json.errors[0].field, "method")
        }
      })
    )
  )

  it.live("that answers to GET answers to HEAD, and takes long ids", () =>
    withSample((sample) =>
      Effect.gen(function* () {
        const head = yield* sample.ask("/things/a", { method: "HEAD" })
        assert.deepStrictEqual([head.status, head.text], [200, ""])
        assert.strictEqual((yield* sample.ask(`/things/${"x".repeat(512)}`)).status, 200)
      })
    )
  )
})
