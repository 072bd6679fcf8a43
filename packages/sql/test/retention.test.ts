import { assert, describe, it } from "@effect/vitest"
import { deleteInBatches, inChunks } from "@tenterhook/sql"
import { databases, type Engine } from "@tenterhook/testing-databases"
import { Effect } from "effect"
import { place } from "./place.ts"

const filled = Effect.fnUntraced(function* (engine: Engine) {
  const here = yield* place(engine)
  const rows = Array.from({ length: 25 }, (_, n) => ({ text: `n${n}`, at: n }))
  yield* inChunks(rows, (some) => here.sql`INSERT INTO note ${here.sql.insert(some)}`)
  return here
})

describe.each(databases)("on $name", (engine) => {
  it.effect("deletes what is old and nothing else, in steps of a size", () =>
    Effect.gen(function* () {
      const { sql, counted, commits, texts } = yield* filled(engine)
      const where = sql`at < ${20}`
      const deletion = { table: "note", key: "seq", where, size: 6, transaction: counted }
      assert.strictEqual(yield* deleteInBatches(sql, deletion), 20)
      assert.deepStrictEqual(yield* texts, ["n20", "n21", "n22", "n23", "n24"])
      assert.strictEqual(commits(), 4)
      assert.strictEqual(yield* deleteInBatches(sql, deletion), 0)
      assert.strictEqual(commits(), 4)
    })
  )

  it.effect("others write between two steps", () =>
    Effect.gen(function* () {
      const { sql, other, texts } = yield* filled(engine)
      const left: Array<number> = []
      let over = false
      const watched = Effect.gen(function* () {
        while (!over) {
          yield* other`INSERT INTO note ${other.insert({ text: `mine ${left.length}`, at: 100 })}`
          left.push((yield* texts).filter((text) => text.startsWith("n")).length)
          yield* Effect.promise(() => new Promise((done) => setTimeout(done, 1)))
        }
      })
      const deletion = deleteInBatches(sql, { table: "note", key: "seq", where: sql`at < ${20}`, size: 1 })
      const [gone] = yield* Effect.all([Effect.tap(deletion, () => Effect.sync(() => (over = true))), watched], {
        concurrency: "unbounded"
      })
      assert.strictEqual(gone, 20)
      assert.isTrue(left.some((count) => count > 5 && count < 25))
      assert.strictEqual((yield* texts).length, 5 + left.length)
    })
  )
})
