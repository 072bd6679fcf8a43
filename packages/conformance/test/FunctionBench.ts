/** The bench of core's own adapter for functions: values in place of bytes, and most capabilities answered with no. */
import { Adapters, type FunctionAction, FunctionAdapter } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { Bench, type Behaviour } from "../src/index.ts"

export const functionLayer: Layer.Layer<Adapters | Bench> = Layer.unwrap(
  Effect.sync(() =>
    Layer.merge(FunctionAdapter.layer, Layer.succeed(Bench, makeBench())).pipe(
      Layer.provideMerge(Layer.fresh(Adapters.layer))
    )
  )
)

const makeBench = () => {
  const state = { alive: 0, begun: 0, spoken: false }
  const action = (run: FunctionAction["run"]): FunctionAction => ({
    kind: "function",
    run: (payload, call) => {
      state.begun++
      return run(payload, call)
    }
  })
  const hang: FunctionAction["run"] = (_, { signal }) =>
    new Promise((_done, fail) => {
      state.alive++
      state.spoken = true
      signal.addEventListener("abort", () => {
        state.alive--
        fail(new Error("aborted"))
      })
    })
  const arrange = (behaviour: Behaviour): FunctionAction => {
    switch (behaviour._tag) {
      case "Replies":
      case "Ignores":
        return action(async () => behaviour.saying)
      case "Floods":
        return action(() => behaviour.head + "-".repeat(behaviour.bytes).slice(0, behaviour.bytes - 8) + behaviour.tail)
      case "Digests":
        return action(
          (payload: string) => `${Buffer.byteLength(payload)} ${createHash("sha256").update(payload).digest("hex")}`
        )
      case "Dies":
        return action(() => {
          throw new Error("disk full")
        })
      default:
        return action(hang)
    }
  }
  return Bench.of({
    kind: "function",
    capabilities: {
      speaks: "value",
      partial: false,
      status: false,
      diagnostics: false,
      outputLimitBytes: null,
      payload: true,
      missing: false,
      stubborn: false,
      dies: "tool",
      leaves: false
    },
    arrange: (behaviour) => Effect.sync(() => arrange(behaviour)),
    alive: Effect.sync(() => state.alive),
    begun: Effect.sync(() => state.begun),
    spoken: Effect.gen(function* () {
      while (!state.spoken) yield* Effect.sleep(5)
    })
  })
}
