import { assert, describe, it } from "@effect/vitest"
import { AdapterError, Adapters, CurrentContext, FireId, hookName, HttpAction, textOf } from "@tenterhook/core"
import { WebhookAdapter } from "@tenterhook/webhook"
import { generateSecret, verify } from "@tenterhook/webhook/signature"
import { Context, Effect, Layer, Schema } from "effect"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { acquireReceiver } from "./HttpBench.ts"
import { breakOff, endless, type Receiver, trickle } from "./Receiver.ts"

/** The adapter, and the receiver that it may reach. */
class Far extends Context.Service<Far, Receiver>()("Far") {}
const live = Layer.unwrap(
  Effect.map(acquireReceiver, (receiver) =>
    WebhookAdapter.layerWith({ guard: { allow: [`127.0.0.1:${receiver.port}`] } }).pipe(
      Layer.provideMerge(Layer.fresh(Adapters.layer)),
      Layer.merge(Layer.succeed(Far, receiver))
    )
  )
)

const start = Effect.fnUntraced(function* (
  action: Partial<HttpAction>,
  more: { readonly payload?: Uint8Array; readonly fireId?: string } = {}
) {
  const adapter = yield* (yield* Adapters).get("http")
  const decoded = yield* Schema.decodeUnknownEffect(adapter.action)({
    kind: "http",
    method: "POST",
    headers: {},
    ...action
  })
  const { payload } = more
  return yield* adapter.start({
    action: decoded,
    fireId: FireId.make(more.fireId ?? "fire-1"),
    hook: hookName("hook"),
    ...(payload === undefined ? {} : { payload })
  })
})
const reply = (...words: Parameters<typeof start>) =>
  Effect.scoped(Effect.flatMap(start(...words), (running) => running.reply))
const failure = (...words: Parameters<typeof start>) =>
  Effect.map(Effect.flip(reply(...words)), (error) => {
    if (!(error instanceof AdapterError)) throw error
    return error
  })
const within = (env: Record<string, string>) => Effect.provideService(CurrentContext, { env })

it.layer(live, { excludeTestServices: true })("an HTTP action", (it) => {
  describe("sends", () => {
    it.effect("the invocation's payload as JSON, and which fire it is of", () =>
      Effect.gen(function* () {
        const far = yield* Far
        const url = far.on((response) => response.end())
        yield* reply({ url: `${url}?a=b` }, { payload: Buffer.from('{"event":"é"}') })
        const got = far.received.at(-1)!
        assert.deepInclude(got, {
          method: "POST",
          path: `${new URL(url).pathname}?a=b`,
          body: Buffer.from('{"event":"é"}')
        })
        assert.deepInclude(got.headers, {
          "content-type": "application/json",
          "tenterhook-fire": "fire-1",
          "user-agent": "Tenterhook"
        })
        assert.notProperty(got.headers, "webhook-id")
      })
    )

    it.effect("its own body, method and headers in place of those", () =>
      Effect.gen(function* () {
        const far = yield* Far
        const url = far.on((response) => response.end())
        const headers = { "Content-Type": "text/plain", "User-Agent": "me", authorization: "Bearer x" }
        yield* reply({ url, method: "PUT", headers, body: "hello" }, { payload: Buffer.from("{}"), fireId: "né\n" })
        const got = far.received.at(-1)!
        assert.deepInclude(got, { method: "PUT", body: Buffer.from("hello") })
        assert.deepInclude(got.headers, { "content-type": "text/plain", "user-agent": "me", authorization: "Bearer x" })
        assert.notProperty(got.headers, "tenterhook-fire")
      })
    )

    it.effect("no payload with GET", () =>
      Effect.gen(function* () {
        const far = yield* Far
        const url = far.on((response) => response.end("seen"))
        assert.strictEqual(
          textOf((yield* reply({ url, method: "GET" }, { payload: Buffer.from("{}") })).output),
          "seen"
        )
        const got = far.received.at(-1)!
        assert.deepStrictEqual([got.method, got.body.length, got.headers["content-type"]], ["GET", 0, undefined])
      })
    )

    it.effect("a signature by the secret of the host's environment, or by several", () =>
      Effect.gen(function* () {
        const far = yield* Far
        const url = far.on((response) => response.end())
        const [old, young] = [generateSecret(), generateSecret()]
        yield* within({ HOOK_SECRET: `${young} ${old}` })(
          reply({ url, secret: { env: "HOOK_SECRET" } }, { payload: Buffer.from("{}") })
        )
        const got = far.received.at(-1)!
        for (const secret of [old, young]) assert.match(verify(got, secret).id, /^msg_/)
      })
    )
  })

  describe("gives", () => {
    it.effect("status, headers and JSON as the reply's value, and the bytes as its output", () =>
      Effect.gen(function* () {
        const url = (yield* Far).on((response) =>
          response
            .writeHead(201, { "content-type": "application/json; charset=utf-8", "x-a": ["1", "2"] })
            .end('{"verdict":"deny"}')
        )
        const got = yield* reply({ url })
        assert.deepInclude(got, { status: null, signal: null, truncated: false })
        assert.strictEqual(textOf(got.output), '{"verdict":"deny"}')
        const value = got.value as WebhookAdapter.HttpValue
        assert.deepInclude(value, { status: 201, body: { verdict: "deny" } })
        assert.deepInclude(value.headers, { "x-a": "1, 2" })
      })
    )

    const bodies: ReadonlyArray<readonly [string, string, unknown]> = [
      ["text/plain", "{}", "{}"],
      ["application/problem+json", '{"title":"x"}', { title: "x" }],
      ["application/json", "not json", "not json"],
      ["application/json", "", ""],
      ["application/jsonx", "{}", "{}"],
      ["application/json-seq", "{}", "{}"]
    ]
    for (const [type, body, expected] of bodies) {
      it.effect(`${JSON.stringify(body)} of ${type} as ${JSON.stringify(expected)}`, () =>
        Effect.gen(function* () {
          const url = (yield* Far).on((response) => response.writeHead(200, { "content-type": type }).end(body))
          assert.deepStrictEqual(((yield* reply({ url })).value as WebhookAdapter.HttpValue).body, expected)
        })
      )
    }

    for (const status of [302, 404, 410, 429, 500, 503]) {
      it.effect(`${status} as it came, followed and tried again by nobody`, () =>
        Effect.gen(function* () {
          const far = yield* Far
          const before = far.received.length
          const url = far.on((response) =>
            response.writeHead(status, { location: far.origin, "retry-after": "0" }).end("no")
          )
          const got = yield* reply({ url })
          assert.strictEqual((got.value as WebhookAdapter.HttpValue).status, status)
          assert.strictEqual(far.received.length, before + 1)
        })
      )
    }

    const codings: ReadonlyArray<readonly [string, (body: Buffer) => Uint8Array]> = [
      ["gzip", gzipSync],
      ["x-gzip", gzipSync],
      ["deflate", deflateSync],
      ["deflate", deflateRawSync],
      ["br", brotliCompressSync],
      ["gzip, br", (body) => brotliCompressSync(gzipSync(body))],
      ["identity", (body) => body]
    ]
    for (const [coding, encode] of codings) {
      it.effect(`a body with content-encoding ${coding}, ${encode.name}, decoded`, () =>
        Effect.gen(function* () {
          const body = encode(Buffer.from('{"verdict":"deny","reason":"no"}'))
          const headers = { "content-type": "application/json", "content-encoding": coding }
          const url = (yield* Far).on((response) => response.writeHead(200, headers).end(body))
          const got = yield* reply({ url })
          assert.strictEqual(textOf(got.output), '{"verdict":"deny","reason":"no"}')
          assert.deepInclude(got.value, { status: 200, body: { verdict: "deny", reason: "no" } })
        })
      )
    }

    const unreadable: ReadonlyArray<readonly [string, string, () => Uint8Array, RegExp]> = [
      ["of an unknown coding", "zstd", () => Buffer.from("x"), /"zstd"; gzip, deflate and br are read/],
      ["that is damaged", "gzip", () => gzipSync(Buffer.alloc(100)).subarray(0, 15), /cannot be decoded as gzip/],
      ["that is not coded at all", "gzip", () => Buffer.from('{"verdict":"allow"}'), /cannot be decoded as gzip/],
      ["that would become too long", "gzip", () => gzipSync(Buffer.alloc(50_000_000)), /longer than 1048576 bytes/],
      ["coded again and again", "gzip, gzip, gzip", () => Buffer.from("x"), /3 content-encodings/]
    ]
    for (const [what, coding, body, problem] of unreadable) {
      it.effect(`the problem of a body ${what}, and no output`, () =>
        Effect.gen(function* () {
          const url = (yield* Far).on((response) =>
            response.writeHead(200, { "content-type": "application/json", "content-encoding": coding }).end(body())
          )
          const got = yield* reply({ url })
          assert.lengthOf(got.output, 0)
          assert.match((got.value as WebhookAdapter.HttpValue).problem ?? "", problem)
        })
      )
    }

    it.effect("a long coded body bounded after it was decoded", () =>
      Effect.gen(function* () {
        const long = Buffer.from("x".repeat(200_000))
        const url = (yield* Far).on((response) =>
          response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(long))
        )
        const got = yield* reply({ url })
        assert.deepInclude(got, { truncated: true, cutObjects: false })
        assert.lengthOf(got.output, 65_536)
      })
    )

    it.effect("an endless answer cut, as text even where its pieces look like JSON", () =>
      Effect.gen(function* () {
        const far = yield* Far
        const url = far.on((response) => {
          response.writeHead(200, { "content-type": "application/json" }).write("[1")
          endless(response, Buffer.from(",1".repeat(1000)))
        })
        const got = yield* reply({ url })
        assert.isTrue(got.truncated)
        assert.lengthOf(got.output, 65_536)
        assert.isString((got.value as WebhookAdapter.HttpValue).body)
      })
    )

    it.effect("what came so far when it is stopped", () =>
      Effect.gen(function* () {
        const far = yield* Far
        const url = far.on((response) => trickle(response.writeHead(200), 5))
        const running = yield* start({ url })
        while (far.alive() === 0) yield* Effect.sleep(5)
        yield* Effect.sleep(500)
        const got = yield* running.stop("timeout")
        assert.match(textOf(got.output), /^x+$/)
        assert.isTrue(got.truncated)
        assert.deepInclude(got.value, { status: 200 })
        assert.strictEqual(yield* running.reply, got)
      }).pipe(Effect.scoped)
    )

    it.effect("nothing when it is stopped before an answer", () =>
      Effect.gen(function* () {
        const url = (yield* Far).on(() => {})
        const running = yield* start({ url })
        const got = yield* running.stop("cancelled")
        assert.deepStrictEqual([got.output.length, got.truncated, "value" in got], [0, false, false])
      }).pipe(Effect.scoped)
    )
  })

  describe("fails with", () => {
    const spawns: ReadonlyArray<readonly [string, Partial<HttpAction>, RegExp]> = [
      [
        "an address of this machine",
        { url: "http://127.0.0.1:8999/" },
        /^could not start the request: 127\.0\.0\.1:8999 is refused: .*loopback/
      ],
      ["no URL", { url: "example.com" }, /not a whole http or https address/],
      ["another scheme", { url: "file:///etc/passwd" }, /only http and https/],
      ["a method that is none of ours", { url: "https://1.1.1.1/", method: "CONNECT" }, /expected one of GET/],
      [
        "a header that frames the request",
        { url: "https://1.1.1.1/", headers: { "Content-Length": "1" } },
        /set by Tenterhook/
      ],
      ["a header with a line break", { url: "https://1.1.1.1/", headers: { "x-a": "b\r\nc: d" } }, /no header may have/]
    ]
    for (const [what, action, message] of spawns) {
      it.effect(`spawn for ${what}`, () =>
        Effect.gen(function* () {
          const { reason } = yield* failure(action)
          assert.strictEqual(reason._tag, "spawn")
          assert.match(reason.message, message)
        })
      )
    }

    it.effect("spawn for a secret that is none, without repeating it", () =>
      Effect.gen(function* () {
        const { reason } = yield* within({ S: "hunter2" })(
          failure({ url: "https://1.1.1.1/hunter2", secret: { env: "S" } })
        )
        assert.strictEqual(reason._tag, "spawn")
        assert.match(reason.message, /^could not start POST https:\/\/1\.1\.1\.1: S: expected a secret/)
        assert.notInclude(reason.message, "hunter2")
      })
    )

    it.effect("missing for a secret that the host's environment does not have", () =>
      Effect.gen(function* () {
        process.env.TENTERHOOK_TEST_SECRET = generateSecret()
        const { reason } = yield* within({})(
          failure({ url: "https://1.1.1.1/", secret: { env: "TENTERHOOK_TEST_SECRET" } })
        )
        delete process.env.TENTERHOOK_TEST_SECRET
        assert.strictEqual(
          reason.message,
          "expected the secret that signs POST https://1.1.1.1 in the environment variable TENTERHOOK_TEST_SECRET, found nothing"
        )
      })
    )

    it.effect("transport where the connection breaks off, with what had come", () =>
      Effect.gen(function* () {
        const url = (yield* Far).on((response, _, socket) => {
          response.writeHead(200, { "content-length": 1000 }).write("half")
          breakOff(socket)
        })
        const { reason, reply: said } = yield* failure({ url })
        assert.strictEqual(reason._tag, "transport")
        assert.deepStrictEqual([textOf(said!.output), said!.truncated], ["half", true])
      })
    )
  })
})

describe("a layer", () => {
  it.live("that closes ends its requests and connections", () =>
    Effect.gen(function* () {
      const far = yield* acquireReceiver
      const url = far.on(() => {})
      yield* Effect.scoped(
        Effect.gen(function* () {
          const layer = WebhookAdapter.layerWith({ guard: { allow: [`127.0.0.1:${far.port}`] } })
          const context = yield* Layer.build(layer.pipe(Layer.provideMerge(Layer.fresh(Adapters.layer))))
          yield* Effect.provide(start({ url }), context)
          while (far.alive() === 0) yield* Effect.sleep(5)
        })
      )
      const until = performance.now() + 30_000
      while (far.alive() > 0 && performance.now() < until) yield* Effect.sleep(5)
      assert.strictEqual(far.alive(), 0)
    }).pipe(Effect.scoped)
  )
})
