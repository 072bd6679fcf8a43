/** What happens in this process, as it happens, for whoever watches. Nobody waits for a watcher. */
import { Context, Effect, Layer, PubSub, Stream } from "effect"
import type { StreamType } from "../api/system.ts"

export interface Happening {
  readonly type: StreamType
  readonly agentId: string | null
  readonly executionId: string | null
  /** Anything that JSON can hold. */
  readonly data: object
}

export class Feed extends Context.Service<
  Feed,
  {
    /** Costs next to nothing where nobody watches. */
    readonly publish: (happening: Happening) => void
    /** From now on. A watcher that is too slow misses the oldest. */
    readonly happenings: Stream.Stream<Happening>
  }
>()("@tenterhook/server/watch/Feed") {
  static readonly layer = Layer.effect(
    Feed,
    Effect.gen(function* () {
      const hub = yield* PubSub.sliding<Happening>(1024)
      return Feed.of({
        publish: (happening) => void PubSub.publishUnsafe(hub, happening),
        happenings: Stream.fromPubSub(hub)
      })
    })
  )
}
