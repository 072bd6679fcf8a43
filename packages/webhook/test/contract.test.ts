import { audit } from "@tenterhook/conformance"
import { suite } from "@tenterhook/conformance/vitest"
import { type AnyAdapter, Adapters, emptyReply, textOf } from "@tenterhook/core"
import { WebhookAdapter } from "@tenterhook/webhook"
import { Effect, Layer, Schema } from "effect"
import { assert, describe, it } from "vitest"
import { benched } from "./HttpBench.ts"

const sound = (place: string) => WebhookAdapter.layerWith({ guard: { allow: [place] } })

suite("webhook", benched(sound).pipe(Layer.provideMerge(Layer.fresh(Adapters.layer))))

/** The real adapter with one promise broken. */
const broken = (wrap: (adapter: AnyAdapter) => AnyAdapter) => (place: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const inside = yield* Layer.build(sound(place).pipe(Layer.provideMerge(Layer.fresh(Adapters.layer))))
      const adapter = yield* Effect.provide(Effect.orDie(Adapters.use((adapters) => adapters.get("http"))), inside)
      yield* Adapters.use((adapters) => adapters.register(wrap(adapter)))
    })
  )

/** One that keeps all of an answer. */
const unbounded = (place: string) =>
  WebhookAdapter.layerWith({ guard: { allow: [place] }, limits: { outputBytes: 1e9 } })

const faults: Record<string, readonly [(adapter: AnyAdapter) => AnyAdapter, ReadonlyArray<string>]> = {
  "stop only stops waiting": [
    (adapter) => ({
      ...adapter,
      start: (invocation) =>
        Effect.map(adapter.start(invocation), (running) => ({ ...running, stop: () => Effect.succeed(emptyReply) }))
    }),
    ["ADP-3", "ADP-7", "ADP-11"]
  ],
  "what fails is tried again": [
    (adapter) => ({
      ...adapter,
      start: (invocation) =>
        Effect.map(adapter.start(invocation), (running) => ({
          ...running,
          reply: Effect.catch(running.reply, () =>
            Effect.flatMap(adapter.start(invocation), (again) => again.reply).pipe(Effect.scoped)
          )
        }))
    }),
    ["ADP-13"]
  ],
  "status 507 is an error": [
    (adapter) => ({
      ...adapter,
      start: (invocation) =>
        Effect.map(adapter.start(invocation), (running) => ({
          ...running,
          reply: Effect.flatMap(running.reply, (reply) =>
            (reply.value as { status: number }).status === 507
              ? Effect.die(new Error(textOf(reply.output)))
              : Effect.succeed(reply)
          )
        }))
    }),
    ["ADP-2"]
  ],
  "the payload stays at home": [
    (adapter) => ({
      ...adapter,
      start: (invocation) => adapter.start({ ...invocation, payload: new Uint8Array(0) })
    }),
    ["ADP-10"]
  ],
  "a secret that is not there signs nothing": [
    (adapter) => ({
      ...adapter,
      start: (invocation) => {
        const { kind, url, method, headers } = invocation.action
        return adapter.start({ ...invocation, action: { kind, url, method, headers } })
      }
    }),
    ["ADP-4"]
  ],
  "any action goes": [(adapter) => ({ ...adapter, action: Schema.Any }), ["ADP-12"]]
}

const breaks = async (adapterFor: typeof sound, ids: ReadonlyArray<string>) => {
  const layer = benched(adapterFor).pipe(Layer.provideMerge(Layer.fresh(Adapters.layer)))
  const results = await Effect.runPromise(audit(layer, { limitMs: 5000 }))
  assert.deepStrictEqual(
    results.filter(({ status }) => status !== "kept").map(({ id }) => id),
    ids
  )
}

describe("each copy broken on purpose breaks exactly these", () => {
  for (const [fault, [wrap, ids]] of Object.entries(faults)) {
    it(`${fault}: ${ids.join(", ")}`, () => breaks(broken(wrap), ids))
  }

  it("an answer is kept whole, however long: ADP-8", () => breaks(unbounded, ["ADP-8"]))
})
