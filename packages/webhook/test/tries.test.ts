/** An action whose product's protocol repeats its request: `tries`. */
import { assert, it } from "@effect/vitest"
import { type AdapterError, Adapters, FireId, hookName, type HttpAction } from "@tenterhook/core"
import { WebhookAdapter } from "@tenterhook/webhook"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { acquireReceiver } from "./HttpBench.ts"
import type { Receiver } from "./Receiver.ts"

class Far extends Context.Service<Far, Receiver>()("Far") {}
const live = Layer.unwrap(
  Effect.map(acquireReceiver, (receiver) =>
    WebhookAdapter.layerWith({ guard: { allow: [`127.0.0.1:${receiver.port}`] } }).pipe(
      Layer.provideMerge(Layer.fresh(Adapters.layer)),
      Layer.merge(Layer.succeed(Far, receiver))
    )
  )
)

const start = Effect.fnUntraced(function* (url: string, tries: HttpAction["tries"]) {
  const adapter = yield* (yield* Adapters).get("http")
  const action: HttpAction = {
    kind: "http",
    method: "POST",
    url,
    headers: {},
    body: "{}",
    ...(tries === undefined ? {} : { tries })
  }
  return yield* adapter.start({ action, fireId: FireId.make("fire-1"), hook: hookName("hook") })
})
const reply = (...words: Parameters<typeof start>) =>
  Effect.scoped(Effect.flatMap(start(...words), (running) => running.reply))

/** Answers with these statuses in turn, and never where one is null; the last repeats. */
const path = (far: Receiver, statuses: ReadonlyArray<number | null>) => {
  let count = 0
  const url = far.on((response) => {
    const status = statuses[Math.min(count++, statuses.length - 1)]!
    if (status !== null) response.writeHead(status).end()
  })
  return { url, count: () => count }
}
const tries = { delaysMs: [50, 50], timeoutMs: 30_000 }
const impatient = { ...tries, timeoutMs: 1000 }

it.layer(live, { excludeTestServices: true })("tries", (it) => {
  it.effect("go on until one is answered with 2xx, and the reply says how many there were", () =>
    Effect.gen(function* () {
      const { url, count } = path(yield* Far, [500, 302, 201, 500])
      assert.deepInclude((yield* reply(url, tries)).value, { status: 201, attempts: 3 })
      assert.strictEqual(count(), 3)
    })
  )

  it.effect("end with the last one's answer", () =>
    Effect.gen(function* () {
      const { url, count } = path(yield* Far, [500, 501, 502])
      assert.deepInclude((yield* reply(url, tries)).value, { status: 502, attempts: 3 })
      assert.strictEqual(count(), 3)
    })
  )

  it.effect("have a deadline each, and silence is tried again", () =>
    Effect.gen(function* () {
      const { url, count } = path(yield* Far, [null, 200])
      assert.deepInclude((yield* reply(url, impatient)).value, { status: 200, attempts: 2 })
      const silent = path(yield* Far, [null])
      const error = (yield* Effect.flip(reply(silent.url, impatient))) as AdapterError
      assert.strictEqual(error.reason._tag, "transport")
      assert.deepInclude(error.reply?.value, { attempts: 3 })
      assert.deepStrictEqual([count(), silent.count()], [2, 3])
    })
  )

  it.effect("do not repeat what is refused before anything is sent", () =>
    Effect.gen(function* () {
      const error = (yield* Effect.flip(reply("http://169.254.169.254/", tries))) as AdapterError
      assert.strictEqual(error.reason._tag, "spawn")
    })
  )

  it.effect("end when the action is stopped", () =>
    Effect.gen(function* () {
      const { url, count } = path(yield* Far, [500])
      const scope = yield* Scope.make()
      const running = yield* Effect.provideService(
        start(url, { delaysMs: [60_000], timeoutMs: 30_000 }),
        Scope.Scope,
        scope
      )
      while (count() === 0) yield* Effect.sleep(10)
      yield* running.stop("timeout")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(count(), 1)
    })
  )

  it.effect("are one where the action asks for none", () =>
    Effect.gen(function* () {
      const { url, count } = path(yield* Far, [500])
      assert.notProperty((yield* reply(url, undefined)).value, "attempts")
      assert.strictEqual(count(), 1)
    })
  )
})
