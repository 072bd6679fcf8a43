/** Where the next page of a list goes on: a text that says nothing to whoever passes it back. */
import { Effect, Schema } from "effect"

/** Not a cursor that a page of such a list gave. */
export class CursorError extends Schema.TaggedError<CursorError>()("CursorError", { cursor: Schema.String }) {
  override get message() {
    return `expected the cursor that the page before gave, got ${JSON.stringify(this.cursor.slice(0, 100))}`
  }
}

export interface Cursor<Position> {
  readonly encode: (last: Position) => string
  readonly decode: (cursor: string) => Effect.Effect<Position, CursorError>
}

/** Of lists in the order of time: `at` in epoch milliseconds, and the id for what came at the same time. */
export interface TimePosition {
  readonly at: number
  readonly id: string
}

const cursorOf = <Position, Json>(schema: Schema.Codec<Position, Json>): Cursor<Position> => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  const toJson = Schema.encodeSync(schema)
  const encode = (last: Position) => Buffer.from(JSON.stringify(toJson(last))).toString("base64url")
  return {
    encode,
    decode: (cursor) =>
      decode(Buffer.from(cursor, "base64url").toString()).pipe(
        // What decodes without being what was encoded was made by somebody else.
        Effect.filterOrFail((position) => encode(position) === cursor),
        Effect.mapError(() => new CursorError({ cursor }))
      )
  }
}

const Sequence = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const timeCursor: Cursor<TimePosition> = cursorOf(Schema.Struct({ at: Schema.Int, id: Schema.NonEmptyString }))

/** Of lists in the order of a number that the database gave out. */
export const sequenceCursor: Cursor<number> = cursorOf(Sequence)
