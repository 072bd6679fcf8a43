/** Faults of the database on the wire: the request may be sent again. */
import { Effect } from "effect"
import { about, Unavailable } from "../api/Problem.ts"
import type { StoreError } from "../store/StoreError.ts"

/** Nothing was changed, or it is on record: either way the same request again does no harm with an idempotency key. */
export const orUnavailable = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, StoreError> => (error as { _tag?: string })._tag === "StoreError",
    (error) => Effect.fail(new Unavailable(about("server", (error as unknown as StoreError).message)))
  )
