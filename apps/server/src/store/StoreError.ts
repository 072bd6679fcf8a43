/** The database did not do it. Whoever asked may ask again: nothing was changed. */
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

/** For whatever asks the database: what it was doing, as in "could not …". */
export const stored =
  (doing: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreError, R> =>
    Effect.mapError(effect, (error): Exclude<E, SqlError.SqlError> | StoreError =>
      SqlError.isSqlError(error)
        ? new StoreError({ doing, why: innermost(error) })
        : (error as Exclude<E, SqlError.SqlError>)
    )

const innermost = (error: unknown): string => {
  let found: unknown = error
  while (found instanceof Error && found.cause !== undefined) found = found.cause
  return found instanceof Error ? found.message : String(found)
}
