import { assert, describe, it } from "@effect/vitest"
import { type Adapter, Adapters, emptyReply, type Running, ToolAction } from "@tenterhook/core"
import { audit, type Bench } from "@tenterhook/conformance"
import { suite } from "@tenterhook/conformance/vitest"
import { Effect, Layer, Scope } from "effect"
import { inProcess, onServer } from "./benches.ts"
import { adapter } from "./tools.ts"

suite("tool-call, in process", inProcess)
suite("tool-call, on an MCP server", onServer)

/** The same adapter with something taken away. */
const broken = (change: (running: Running) => Running, scope?: Scope.Scope): Layer.Layer<Adapters | Bench> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const context = yield* Layer.build(inProcess)
      const sound = yield* Effect.provide(adapter, context)
      const copy: Adapter<ToolAction> = {
        ...sound,
        start: (invocation) => {
          const started = Effect.map(sound.start(invocation), change)
          return scope === undefined ? started : Scope.provide(started, scope)
        }
      }
      const registry = Layer.provideMerge(
        Layer.effectDiscard(Adapters.use((adapters) => adapters.register(copy))),
        Layer.fresh(Adapters.layer)
      )
      return Layer.merge(Layer.succeedContext(context), registry)
    })
  )

describe("the contract finds an adapter that", () => {
  const cases: ReadonlyArray<readonly [string, string, Layer.Layer<Adapters | Bench>]> = [
    ["stops nothing", "ADP-3", broken((running) => ({ ...running, stop: () => Effect.succeed(emptyReply) }))],
    [
      "forgets what was said",
      "ADP-1",
      broken((running) => ({ ...running, reply: Effect.as(running.reply, emptyReply) }))
    ],
    ["works on after its scope was closed", "ADP-5", broken((running) => running, Scope.makeUnsafe())]
  ]
  for (const [fault, id, layer] of cases) {
    it(`${fault}: ${id}`, async () => {
      const results = await Effect.runPromise(audit(layer, { limitMs: 2000 }))
      assert.include(
        results.filter((result) => result.status === "broken").map((result) => result.id),
        id
      )
    })
  }
})
