import { Context, Effect, Layer, Schema } from "effect"
import type { AnyAdapter } from "./Adapter.ts"

/** The adapters of this process by kind. Each adapter package's layer registers itself here. */
export class Adapters extends Context.Service<
  Adapters,
  {
    /** For adapters' layers. A kind registered twice is a defect. */
    readonly register: (adapter: AnyAdapter) => Effect.Effect<void>
    /** Fails with the known kinds, so a typo explains itself. */
    readonly get: (kind: string) => Effect.Effect<AnyAdapter, NoAdapter>
    readonly kinds: () => ReadonlyArray<string>
  }
>()("@tenterhook/core/run/Adapters") {
  static readonly layer = Layer.sync(Adapters, () => {
    const byKind = new Map<string, AnyAdapter>()
    const register = Effect.fnUntraced(function* (adapter: AnyAdapter) {
      if (byKind.has(adapter.kind)) return yield* Effect.die(new Error(`two adapters for "${adapter.kind}"`))
      byKind.set(adapter.kind, adapter)
    })
    const get = (kind: string) => {
      const adapter = byKind.get(kind)
      return adapter === undefined
        ? Effect.fail(new NoAdapter({ kind, known: [...byKind.keys()] }))
        : Effect.succeed(adapter)
    }
    return Adapters.of({ register, get, kinds: () => [...byKind.keys()] })
  })
}

export class NoAdapter extends Schema.TaggedError<NoAdapter>()("NoAdapter", {
  kind: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `no adapter for "${this.kind}"; this host has ${this.known.join(", ") || "none"}`
  }
}
