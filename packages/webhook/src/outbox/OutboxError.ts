import { isOfNul } from "@tenterhook/sql"
import { Effect, Schema } from "effect"
import { SqlError } from "effect/sql"

/** Something cannot be saved or announced as it is. */
export class Unacceptable extends Schema.TaggedError<Unacceptable>()("unacceptable", {
  what: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `${this.what}: ${this.why}`
  }
}

/** There is no endpoint or delivery of this id. */
export class Unknown extends Schema.TaggedError<Unknown>()("unknown", {
  what: Schema.Literals(["endpoint", "delivery"]),
  id: Schema.String
}) {
  override get message() {
    return `expected the id of ${this.what === "endpoint" ? "an endpoint" : "a delivery"}, got ${JSON.stringify(this.id)}, which there is none of`
  }
}

/** The database did not do it. Nothing was changed. */
export class Storage extends Schema.TaggedError<Storage>()("storage", {
  doing: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `could not ${this.doing}: ${this.why}`
  }
}

/** The only error an outbox fails with. */
export class OutboxError extends Schema.TaggedError<OutboxError>()("OutboxError", {
  reason: Schema.Union([Unacceptable, Unknown, Storage])
}) {
  override get message() {
    return `outbox: ${this.reason.message}`
  }
}

export const unacceptable = (what: string, why: string) => new OutboxError({ reason: new Unacceptable({ what, why }) })
export const unknown = (what: Unknown["what"], id: string) => new OutboxError({ reason: new Unknown({ what, id }) })

/** For whatever asks the database: what it was doing, as in "could not …". */
export const stored =
  (doing: string) =>
  <A, E, R>(
    effect: Effect.Effect<A, E | SqlError.SqlError, R>
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | OutboxError, R> =>
    Effect.mapError(effect, (error) =>
      SqlError.isSqlError(error) && isOfNul(error)
        ? unacceptable("what is saved", "expected texts without NUL characters: the database keeps none")
        : SqlError.isSqlError(error)
          ? new OutboxError({ reason: new Storage({ doing, why: whyOf(error) }) })
          : (error as Exclude<E, SqlError.SqlError>)
    )

/** The innermost message: those around it say no more than that it failed. */
const whyOf = (error: SqlError.SqlError): string => {
  let found: unknown = error
  while (found instanceof Error && found.cause !== undefined) found = found.cause
  return found instanceof Error ? found.message : String(found)
}
