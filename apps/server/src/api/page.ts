/** Lists: newest first, with a cursor for the next page. And times as texts. */
import { Effect, Option, Schema, SchemaGetter, SchemaIssue } from "effect"

/** Epoch milliseconds here, an RFC 3339 text on the wire. */
export const Instant = Schema.String.annotate({ format: "date-time" }).pipe(
  Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transformEffect((text: string) => {
      const at = rfc3339.test(text) ? Date.parse(text) : Number.NaN
      return Number.isNaN(at)
        ? Effect.fail(
            new SchemaIssue.InvalidValue({ message: "expected a time as 2026-11-21T13:05:13.000Z" }, Option.some(text))
          )
        : Effect.succeed(at)
    }),
    encode: SchemaGetter.transform((at: number) => new Date(at).toISOString())
  })
)

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

export const pageQuery = {
  /** How many at most. Default: 50. */
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 200 }))
  ),
  /** `nextCursor` of the page before. */
  cursor: Schema.optionalKey(Schema.NonEmptyString)
}
export const defaultLimit = 50

/** Of what was made at this time or later, and before that one. */
export const timeQuery = { from: Schema.optionalKey(Instant), to: Schema.optionalKey(Instant) }

export const pageOf = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ data: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) })
