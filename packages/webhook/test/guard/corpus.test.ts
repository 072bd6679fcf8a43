import { AdapterError, Adapters, FireId, hookName } from "@tenterhook/core"
import { type GuardOptions, makeGuard, openSender, type Refusal, WebhookAdapter } from "@tenterhook/webhook"
import { generateSecret } from "@tenterhook/webhook/signature"
import { Effect, Layer } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Refused } from "../../src/guard/Refusal.ts"
import { openClient } from "../../src/request/Client.ts"
import { guardedConnector } from "../../src/guard/connector.ts"
import allowed from "./corpus/allowed.json" with { type: "json" }
import scriptsRead from "./corpus/dns.json" with { type: "json" }
import urlsRead from "./corpus/urls.json" with { type: "json" }
import { type Forbidden, openForbidden, type Script, scripted } from "./places.ts"

type Reason = Refusal["reason"]
interface RefusedUrl {
  /** `{port}` is the port of a server on this machine. */
  readonly url: string
  readonly reason: Reason
  readonly range?: string
}
interface RefusedScript {
  readonly title: string
  readonly answers: Script
  readonly reason: Reason
  readonly range?: string
  /** The query whose answer is refused, from 1: the first is asked at save, the second at send. */
  readonly refusedFrom: number
}
const urls = urlsRead as ReadonlyArray<RefusedUrl>
const scripts = scriptsRead as ReadonlyArray<RefusedScript>

let forbidden: Forbidden
beforeAll(async () => void (forbidden = await openForbidden()))
afterAll(() => forbidden.close())

const secrets = generateSecret()
const publicOnly = scripted([["93.184.215.14"]])
const filled = (url: string) => url.replaceAll("{port}", `${forbidden.port}`)

/** An endpoint is saved: the verdict on the URL and on all that its host resolves to. */
const save = (url: string, guard: GuardOptions) => makeGuard(guard).check(url)

/** A test event or a delivery is sent. */
const send = async (url: string, guard: GuardOptions): Promise<Refusal | null> => {
  const sender = openSender({ guard })
  const result = await sender.deliver({ url, id: "msg_1", body: "{}", secrets, timeoutMs: 5000 })
  await sender.close()
  if (result._tag === "answer") return null
  assert.strictEqual(result.message, result.refusal?.message)
  assert.strictEqual(result.reason, result.refusal?.reason === "unresolved" ? "unresolved" : "refused")
  return result.refusal ?? null
}

/** A hook posts there: how it fails, in the adapter's words. */
const post = (url: string, guard: GuardOptions) =>
  Effect.gen(function* () {
    const adapter = yield* (yield* Adapters).get("http")
    const action = { kind: "http", url, method: "POST", headers: {} }
    const invocation = { action, fireId: FireId.make("f"), hook: hookName("h") }
    return yield* Effect.flatMap(adapter.start(invocation), (running) => running.reply)
  }).pipe(
    Effect.match({
      onFailure: (error) => (error instanceof AdapterError ? error.reason.message : String(error)),
      onSuccess: () => "a reply"
    }),
    Effect.scoped,
    Effect.provide(WebhookAdapter.layerWith({ guard }).pipe(Layer.provideMerge(Layer.fresh(Adapters.layer)))),
    Effect.runPromise
  )

/** Nothing but the connector stands in the way: whoever forgets to ask first gets no further. */
const connect = (url: string, guard: GuardOptions): Promise<Refusal | null> => {
  const { origin } = new URL(url)
  const client = openClient({ guard })
  return new Promise<Refusal | null>((done) => {
    client.agent.dispatch(
      { origin, path: "/", method: "POST" },
      {
        onRequestStart: (controller) => controller.abort(new Error("connected")),
        onResponseStart: () => {},
        onResponseData: () => {},
        onResponseEnd: () => {},
        onResponseError: (_, error) => done(error instanceof Refused ? error.refusal : null)
      }
    )
  }).finally(() => client.close())
}

describe(`the ${urls.length} URLs of the corpus`, () => {
  it("are at least 300, all different", () => {
    assert.isAtLeast(urls.length, 300)
    assert.strictEqual(new Set(urls.map(({ url }) => url)).size, urls.length)
  })

  it("are refused at save, at test and at send, with the same verdict", async () => {
    const guard = { resolve: publicOnly }
    for (const { url: pattern, reason, range } of urls) {
      const url = filled(pattern)
      const verdict = await save(url, guard)
      assert.deepInclude(verdict, { reason, ...(range === undefined ? {} : { range }) }, JSON.stringify(url))
      assert.deepStrictEqual(await send(url, guard), verdict, JSON.stringify(url))
      assert.strictEqual(await post(url, guard), `could not start the request: ${verdict!.message}`)
    }
    assert.strictEqual(forbidden.reached(), 0)
  })

  it("are refused by the connector alone, where they come that far", async () => {
    const reachable = urls.filter(({ reason }) => reason === "address" || reason === "port")
    assert.isAtLeast(reachable.length, 300)
    for (const { url: pattern } of reachable) {
      const url = filled(pattern)
      assert.deepStrictEqual(await connect(url, { resolve: publicOnly }), await save(url, { resolve: publicOnly }), url)
    }
    assert.strictEqual(forbidden.reached(), 0)
  })

  it("reach this machine in dozens of ways where nothing guards it", async () => {
    const before = forbidden.reached()
    const guard = { allow: ["0.0.0.0/0", "::/0"], resolve: scripted([["127.0.0.1"]]) }
    const local = urls.filter(
      ({ url, range }) => url.includes("{port}") && range === "loopback" && !url.startsWith("https")
    )
    assert.isAtLeast(local.length, 50)
    const sender = openSender({ guard })
    let arrived = 0
    for (const { url } of local) {
      const result = await sender.deliver({ url: filled(url), id: "msg_1", body: "{}", secrets })
      if (result._tag === "answer") arrived++
    }
    await sender.close()
    assert.isAtLeast(arrived, 40)
    assert.isAbove(forbidden.reached(), before)
  })
})

describe(`the ${scripts.length} DNS scripts of the corpus`, () => {
  const url = () => `http://hooks.example.com:${forbidden.port}/`
  const guardOf = (answers: Script): GuardOptions => ({ resolve: scripted(answers), resolveTimeoutMs: 50 })

  it("are at least 50 that lie from the start, and some that lie later", () => {
    assert.isAtLeast(scripts.filter(({ refusedFrom }) => refusedFrom === 1).length, 50)
    assert.isAtLeast(scripts.filter(({ refusedFrom }) => refusedFrom === 2).length, 10)
  })

  for (const { title, answers, reason, range, refusedFrom } of scripts) {
    it(title, async () => {
      const before = forbidden.reached()
      const expected = { reason, ...(range === undefined ? {} : { range }) }
      if (refusedFrom === 1) {
        const verdict = await save(url(), guardOf(answers))
        assert.deepInclude(verdict, expected)
        assert.deepStrictEqual(await send(url(), guardOf(answers)), verdict)
        assert.deepStrictEqual(await connect(url(), guardOf(answers)), verdict)
        assert.include(await post(url(), guardOf(answers)), verdict!.message)
      } else {
        const guard = guardOf(answers)
        assert.isNull(await save(url(), guard))
        assert.deepInclude(await send(url(), guard), expected)
        assert.deepInclude(await connect(url(), guard), expected)
      }
      assert.strictEqual(forbidden.reached(), before)
    })
  }
})

describe("what is public", () => {
  for (const url of allowed) {
    it(`is allowed: ${url}`, async () => {
      assert.isNull(await save(url, { resolve: publicOnly }))
      const made: Array<string> = []
      await connectWith(url, (host) => made.push(host))
      assert.lengthOf(made, 1)
    })
  }

  /** Up to the moment when a connection would be made: these tests reach nobody. */
  const connectWith = (url: string, made: (host: string) => void) =>
    new Promise<void>((done) => {
      const { hostname, port, protocol } = new URL(url)
      const connector = guardedConnector(makeGuard({ resolve: publicOnly }), {
        timeoutMs: 30_000,
        build: () => (options, callback) => {
          made(options.hostname)
          callback(new Error("far enough"), null)
        }
      })
      connector({ hostname, port, protocol }, () => done())
    })
})
