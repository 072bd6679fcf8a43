/** The seam for runtimes: how one action is executed. Knows nothing of events, verdicts or config files. */
import type { Effect, Schema, Scope } from "effect"
import type { AdapterError } from "./AdapterError.ts"
import type { Invocation } from "./Invocation.ts"
import type { Reply } from "./Reply.ts"

export interface Adapter<A> {
  readonly kind: string
  /** Decodes the action as a config writes it. Its `kind` is the adapter's. */
  readonly action: Schema.Decoder<A>
  /**
   * Starts one action, once. Deadlines are the engine's, and nobody retries.
   * Closing the scope stops what still runs. Fails with `missing` or `spawn` before anything ran.
   */
  readonly start: (invocation: Invocation<A>) => Effect.Effect<Running, AdapterError, Scope.Scope>
}

export interface Running {
  /** Settles once, when the action is over. */
  readonly reply: Effect.Effect<Reply, AdapterError>
  /** Ends everything the action started, then gives what it had said. Never fails. */
  readonly stop: (why: StopReason) => Effect.Effect<Reply>
}

export type StopReason = "timeout" | "cancelled"

/** `any` is safe: an action was decoded by the schema of the adapter that its kind names. */
export type AnyAdapter = Adapter<any>
