/** Rows as drivers give and take them. */
import { Effect, Schema, SchemaGetter } from "effect"
import type { SqlError } from "effect/sql"

/** Rows as they come. One that does not fit was written by something else: a defect. */
export const rowsOf = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(schema))
  return <E, R>(query: Effect.Effect<ReadonlyArray<unknown>, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> =>
    Effect.flatMap(query, (rows) => Effect.orDie(decode(rows)))
}

/** A whole number, however the driver gives one: counts are bigints or texts in some. */
export const Whole = Schema.Union([Schema.Number, Schema.BigInt, Schema.String]).pipe(
  Schema.decodeTo(Schema.Number, {
    decode: SchemaGetter.transform((value: number | bigint | string) => Number(value)),
    encode: SchemaGetter.passthrough() as never
  })
)

/** A boolean that is kept as 0 or 1. */
export const Flag = Whole.pipe(
  Schema.decodeTo(Schema.Boolean, {
    decode: SchemaGetter.transform((value: number) => value !== 0),
    encode: SchemaGetter.transform((value: boolean) => (value ? 1 : 0))
  })
)

/** Whether a statement failed because a text in it holds a NUL, which Postgres keeps none of. */
export const isOfNul = (error: SqlError.SqlError): boolean => {
  for (let each: unknown = error; each instanceof Object; each = (each as { readonly cause?: unknown }).cause)
    if ((each as { readonly code?: unknown }).code === "22021") return true
  return false
}

/** A statement has room for so many values only. */
export const inChunks = <A, B, E, R>(
  list: ReadonlyArray<A>,
  each: (some: [A, ...Array<A>]) => Effect.Effect<ReadonlyArray<B>, E, R>
): Effect.Effect<Array<B>, E, R> =>
  Effect.gen(function* () {
    const all: Array<B> = []
    for (let from = 0; from < list.length; from += chunk)
      all.push(...(yield* each(list.slice(from, from + chunk) as [A, ...Array<A>])))
    return all
  })

const chunk = 400
