/** Whatever is sent: no 500, and a problem document with a field for each 4xx. */
import { assert, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { request } from "node:http"
import { type Sample, serveSample } from "./Sample.ts"

/** Header texts as Node sends them. */
const HeaderText = Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e\x80-\xff]{0,60}$/))
const Hostile = Schema.Literals([
  `{"__proto__":{"name":1},"constructor":{"prototype":{}},"name":"a"}`,
  `{"name":"a","name":"b","context":{"toString":1,"valueOf":null,"hasOwnProperty":{}}}`,
  `{"name":"\\ud800","context":{"\\udfff":"\\ud800\\ud800"}}`,
  `{"name":"a","count":1e999}`,
  `{"name":"a","count":-0,"context":{"a":1e-400,"b":123456789012345678901234567890}}`,
  `{"name":"a","context":${`{"a":`.repeat(150)}null${"}".repeat(150)}}`,
  "[".repeat(9_000),
  `{"name":"\u0000\u2028\ufffe"}`,
  `"a"`,
  "null",
  "NaN",
  "\ufeff{}",
  "\xff\xfe"
])
const Body = Schema.Union([
  Hostile,
  Schema.String,
  Schema.Json,
  Schema.Struct({ name: Schema.Json, count: Schema.Json, context: Schema.Record(Schema.String, Schema.Json) }),
  Schema.Struct({ name: Schema.NonEmptyString, context: Schema.Record(Schema.String, Schema.Json) })
])
const Input = Schema.Struct({
  method: Schema.Literals(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
  path: Schema.Union([
    Schema.Literals(["/things", "/things/a", "/things/a/turn", "/livez", "/openapi.json", "/things/%", "//", "*"]),
    Schema.String.check(Schema.isPattern(/^\/[!-~]{0,30}$/))
  ]),
  body: Body,
  headers: Schema.Struct({
    "content-type": Schema.Union([
      Schema.Literals(["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]),
      HeaderText
    ]),
    "idempotency-key": Schema.optionalKey(HeaderText),
    accept: HeaderText,
    cookie: HeaderText,
    "content-encoding": Schema.optionalKey(HeaderText),
    origin: HeaderText,
    expect: Schema.optionalKey(Schema.Literal("100-continue"))
  })
})

it.live("no request makes the server fail, and each that it refuses is told which field", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const sample = yield* serveSample()
      let taken = 0
      const isTold = (input: Input) =>
        Effect.map(send(sample, input), ({ status, type, text }) => {
          if (status < 400) taken++
          const wrong = wrongWith(input, status, type, text)
          return wrong === null || assert.fail(`${JSON.stringify(input)}: ${wrong}: ${status} ${text}`)
        })
      const result = yield* Arbitrary.checkEffect(Arbitrary.schema(Input), isTold, { runs: 400 })
      assert.strictEqual(result._tag, "Passed", JSON.stringify(result))
      // Otherwise nothing of it would have come far.
      assert.isAbove(taken, 20)
      assert.deepStrictEqual(sample.logged, [])
    })
  )
)

/** Null where nothing is. */
const wrongWith = (input: Input, status: number, type: string | undefined, text: string): string | null => {
  if (status >= 500) return "a fault of the server"
  if (status < 400 || input.method === "HEAD") return null
  if (type !== "application/problem+json") return "no problem document"
  const problem = JSON.parse(text)
  if (problem.status !== status) return "another status in the document"
  return Array.isArray(problem.errors) && problem.errors.length > 0 && problem.errors.every(isEntry) ? null : "no field"
}

const isEntry = ({ field, message }: { field: unknown; message: unknown }) =>
  typeof field === "string" && field !== "" && typeof message === "string" && message !== ""

/** Not with fetch, which refuses much of this itself. */
const send = ({ port, key }: Sample, { method, path, body, headers }: Input) =>
  Effect.promise(
    () =>
      new Promise<{ status: number; type: string | undefined; text: string }>((done, failed) => {
        const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
        const isSent = method !== "GET" && method !== "HEAD"
        // The length is said, as Node would send the body of a DELETE without a word about it.
        const all = {
          ...headers,
          authorization: `Bearer ${key}`,
          ...(isSent ? { "content-length": bytes.length } : {})
        }
        const options = { host: "127.0.0.1", port, method, path, headers: all, timeout: 60_000, agent: false }
        const sent = request(options, (response) => {
          let text = ""
          response.on("data", (chunk) => (text += chunk))
          response.on("end", () => done({ status: response.statusCode!, type: response.headers["content-type"], text }))
          response.on("error", failed)
        })
        sent.on("error", (error) => failed(new Error(`${error.message}: ${JSON.stringify([method, path, body, all])}`)))
        sent.on("timeout", () => sent.destroy(new Error("no answer")))
        sent.end(isSent ? bytes : undefined)
      })
  )

type Input = typeof Input.Type
