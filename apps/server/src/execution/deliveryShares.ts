/**
 * Whose deliveries are this server's to send: of several servers, those of endpoints whose shards it holds. The cluster stands
 * above the outbox; until it is there, none are, as the others send: what nobody does is seen to by the outbox.
 */
import { Effect, Layer } from "effect"
import { DurableExecutions } from "./DurableExecutions.ts"

export interface DeliveryShares {
  readonly owns: (endpointId: string) => boolean
  /** From then on the cluster says it. */
  readonly shared: Layer.Layer<never, never, DurableExecutions>
}

export const deliveryShares = (): DeliveryShares => {
  let owns: DeliveryShares["owns"] = () => false
  return {
    owns: (endpointId) => owns(endpointId),
    shared: Layer.effectDiscard(Effect.map(DurableExecutions, ({ isOurs }) => void (owns = isOurs)))
  }
}
