/** The database did not do it. Whoever asked may ask again: nothing was changed. */
import { isOfNul } from "@tenterhook/sql"
import { Effect, Schema } from "effect"
import { SqlError } from "effect/sql"

export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  doing: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `could not ${this.doing}: ${this.why}`
  }
}

/** The request is to blame: a defect that is answered as its fault, wherever it comes up. */
export class HoldsNul extends Schema.TaggedError<HoldsNul>()("HoldsNul", { doing: Schema.String }) {
  override get message() {
    return `could not ${this.doing}: expected texts without NUL characters, which the database keeps none of`
  }
}

/** For whatever asks the database: what it was doing, as in "could not …". */
export const stored =
  (doing: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreError, R> =>
    Effect.catch(effect, (error): Effect.Effect<never, Exclude<E, SqlError.SqlError> | StoreError> => {
      if (!SqlError.isSqlError(error)) return Effect.fail(error as Exclude<E, SqlError.SqlError>)
      return isOfNul(error)
        ? Effect.die(new HoldsNul({ doing }))
        : Effect.fail(new StoreError({ doing, why: whyOf(error) }))
    })

/** The innermost message: those around it say no more than that it failed. */
export const whyOf = (error: unknown): string => {
  let found: unknown = error
  while (found instanceof Error && found.cause !== undefined) found = found.cause
  if (found instanceof AggregateError && found.message === "") return [...new Set(found.errors.map(whyOf))].join("; ")
  if (found instanceof Error) return found.message
  const { message } = (found ?? {}) as { readonly message?: unknown }
  return String(message ?? found)
}
