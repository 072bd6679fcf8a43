import { assert, it } from "@effect/vitest"
import { type CursorError, sequenceCursor, timeCursor } from "@tenterhook/sql"
import { Effect, Schema } from "effect"

it.effect.prop(
  "a cursor leads back to where it was made, and may stand in a URL as it is",
  [Schema.Int, Schema.NonEmptyString, Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))],
  ([at, id, sequence]) =>
    Effect.gen(function* () {
      // JSON knows no -0.
      const position = { at: at + 0, id: id.toWellFormed() }
      const cursor = timeCursor.encode(position)
      assert.match(cursor, /^[\w-]+$/)
      assert.deepStrictEqual(yield* timeCursor.decode(cursor), position)
      assert.strictEqual(yield* sequenceCursor.decode(sequenceCursor.encode(sequence)), sequence)
    })
)

it.effect("what is none is refused by name, and never half understood", () =>
  Effect.gen(function* () {
    const good = timeCursor.encode({ at: 1, id: "fire_1" })
    const wrong = [
      "",
      "x",
      "💥",
      "bnVsbA",
      `${good}=`,
      `${good}AA`,
      ` ${good}`,
      sequenceCursor.encode(3),
      "a".repeat(1e5)
    ]
    for (const cursor of wrong) {
      const error: CursorError = yield* Effect.flip(timeCursor.decode(cursor))
      assert.strictEqual(error._tag, "CursorError")
      assert.include(error.message, "expected the cursor that the page before gave, got ")
      assert.isBelow(error.message.length, 300)
    }
    assert.strictEqual((yield* Effect.flip(sequenceCursor.decode(good)))._tag, "CursorError")
  })
)
