import { assert, describe, it } from "@effect/vitest"
import { inChunks, makeGroupCommit, rowsOf, Whole } from "@tenterhook/sql"
import { databases, type Engine } from "@tenterhook/testing-databases"
import { Cause, Effect, Exit, Fiber, Option, Schema } from "effect"
import { place } from "./place.ts"

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`)

/** Notes by their texts; each gets its number. */
const notesOn =
  (engine: Engine) =>
  (
    options: {
      readonly maxSize?: number
      readonly sizeOf?: (text: string) => number
      readonly lanes?: number
      readonly atomic?: boolean
    } = {}
  ) =>
    Effect.gen(function* () {
      const here = yield* place(engine)
      const sizes: Array<number> = []
      const write = Effect.fnUntraced(function* (list: ReadonlyArray<string>) {
        sizes.push(list.length)
        if (list.includes("bug")) return yield* Effect.die(new Error("a bug"))
        const rows = yield* inChunks(
          list.map((text) => ({ text, at: 0 })),
          (some) => seqRows(here.sql`INSERT INTO note ${here.sql.insert(some)} RETURNING seq`)
        )
        return rows.map(({ seq }) => seq)
      })
      const save = makeGroupCommit({ sql: here.sql, transaction: here.counted, write, ...options })
      return { ...here, save, sizes }
    })

const seqRows = rowsOf(Schema.Struct({ seq: Whole }))

const all = <A, E>(effects: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.all(effects.map(Effect.exit), { concurrency: "unbounded" })

describe.each(databases)("on $name", (engine) => {
  const notes = notesOn(engine)

  describe("callers that come at the same time", () => {
    it.effect("share a commit, and each gets its own result", () =>
      Effect.gen(function* () {
        const { save, commits, texts, textsOutside } = yield* notes()
        const exits = yield* all(numbers(200).map(save))
        assert.isAtMost(commits(), 2)
        assert.deepStrictEqual(yield* texts, yield* textsOutside)
        const written = yield* texts
        exits.forEach((exit, n) => assert.strictEqual(written[Exit.getSuccess(exit).valueOrUndefined! - 1], `n${n}`))
      })
    )

    it.effect("share one of a size, and one that is too large gets its own", () =>
      Effect.gen(function* () {
        const { save, sizes, texts } = yield* notes({ maxSize: 10, sizeOf: (text) => (text === "n20" ? 50 : 1) })
        yield* all(numbers(35).map(save))
        assert.strictEqual((yield* texts).length, 35)
        for (const size of sizes) assert.isAtMost(size, 10)
        assert.isAtMost(sizes.length, 6)
        assert.include(sizes, 1)
      })
    )

    it.effect("one that is refused fails alone, and so does a bug; the others are committed together", () =>
      Effect.gen(function* () {
        const { save, commits, texts } = yield* notes()
        yield* save("n1")
        const exits = yield* all(["a", "n1", "b", "bug", "b", "c"].map(save))
        assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true, false, false, true])
        assert.deepStrictEqual(yield* texts, ["n1", "a", "b", "c"])
        assert.strictEqual(commits(), 2)
        const [refused] = exits.filter(Exit.isFailure)
        const error = Option.getOrThrow(Cause.findErrorOption(refused!.cause))
        assert.strictEqual(error.reason._tag, "UniqueViolation")
      })
    )

    it.effect("need no transaction where the statement is one, and one that is refused fails alone all the same", () =>
      Effect.gen(function* () {
        const { save, commits, texts } = yield* notes({ atomic: true })
        yield* all(numbers(20).map(save))
        assert.strictEqual(commits(), 0)
        const exits = yield* all(["a", "n1", "b"].map(save))
        assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
        assert.deepStrictEqual(yield* texts, [...numbers(20), "a", "b"])
      })
    )

    it.effect.runIf(engine.name === "postgres")("are written while others before them wait for the database", () =>
      Effect.gen(function* () {
        const { save, sql, other, textsOutside } = yield* notes({ lanes: 2 })
        yield* sql`INSERT INTO note ${sql.insert({ text: "held", at: 0 })}`
        const holding = yield* Effect.forkChild(
          other.withTransaction(Effect.andThen(other`DELETE FROM note WHERE text = 'held'`, Effect.never)),
          { startImmediately: true }
        )
        yield* Effect.promise(() => new Promise((done) => setTimeout(done, 200)))
        const waiting = yield* Effect.forkChild(save("held"), { startImmediately: true })
        yield* Effect.promise(() => new Promise((done) => setTimeout(done, 50)))
        yield* save("not held")
        assert.include(yield* textsOutside, "not held")
        yield* Fiber.interrupt(holding)
        assert.isTrue(Exit.isFailure(yield* Fiber.await(waiting)))
      })
    )

    it.effect("fail together when the database does, and the next batch goes through", () =>
      Effect.gen(function* () {
        const { save, sql, texts, sizes } = yield* notes()
        // A constraint that only COMMIT looks at: whose fault it is cannot be known.
        yield* sql`CREATE TABLE child (note BIGINT REFERENCES note (seq) DEFERRABLE INITIALLY DEFERRED)`
        yield* sql.onDialectOrElse({
          orElse: () => sql`CREATE TRIGGER orphan AFTER INSERT ON note WHEN NEW.text = 'orphan'
          BEGIN INSERT INTO child VALUES (-1); END`,
          pg: () =>
            Effect.andThen(
              sql`CREATE FUNCTION orphan() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN INSERT INTO child VALUES (-1); RETURN NEW; END'`,
              sql`CREATE TRIGGER orphan AFTER INSERT ON note
            FOR EACH ROW WHEN (NEW.text = 'orphan') EXECUTE FUNCTION orphan()`
            )
        })
        const exits = yield* all(["a", "orphan", "b"].map(save))
        assert.deepStrictEqual(exits.map(Exit.isFailure), [true, true, true])
        assert.deepStrictEqual(yield* texts, [])
        const tries = sizes.length
        yield* all(["a", "b"].map(save))
        assert.deepStrictEqual(yield* texts, ["a", "b"])
        assert.isAtMost(sizes.length, tries + 1)
      })
    )
  })

  describe("a caller", () => {
    it.effect("that is in a transaction writes within it, and takes nobody else along", () =>
      Effect.gen(function* () {
        const { save, sql, texts } = yield* notes()
        const inside = Effect.ignore(
          sql.withTransaction(Effect.andThen(save("undone"), Effect.andThen(Effect.yieldNow, Effect.fail("no"))))
        )
        yield* Effect.all([inside, save("kept")], { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* texts, ["kept"])
      })
    )

    it.effect("that is interrupted while it waits takes its item back", () =>
      Effect.gen(function* () {
        const { save, sql, texts } = yield* notes()
        const busy = yield* Effect.forkChild(sql.withTransaction(Effect.never), { startImmediately: true })
        const writing = yield* Effect.forkChild(save("writing"), { startImmediately: true })
        // It has the turn, and waits for the connection.
        for (let i = 0; i < 5; i++) yield* Effect.yieldNow
        const gone = yield* Effect.forkChild(save("gone"), { startImmediately: true })
        const kept = yield* Effect.forkChild(save("kept"), { startImmediately: true })
        yield* Fiber.interrupt(gone)
        yield* Fiber.interrupt(busy)
        yield* Fiber.join(writing)
        yield* Fiber.join(kept)
        assert.deepStrictEqual(yield* texts, ["writing", "kept"])
      })
    )
  })

  it.effect.prop(
    "whoever comes, is refused or is interrupted: what succeeded is there once, what failed is not, and others lose nothing",
    [
      Schema.Array(
        Schema.Struct({
          name: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
          after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
          givesUpAfter: Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 })))
        })
      ).check(Schema.isMaxLength(30))
    ],
    ([callers]) =>
      Effect.gen(function* () {
        const lanes = engine.name === "postgres" ? 2 : 1
        const { save, textsOutside, sizes } = yield* notes({ maxSize: 7, lanes })
        const turns = (count: number) => Effect.forEach(numbers(count), () => Effect.yieldNow)
        const exits = yield* Effect.all(
          callers.map(({ name, after, givesUpAfter }) =>
            Effect.gen(function* () {
              yield* turns(after)
              const fiber = yield* Effect.forkChild(save(`n${name}`), { startImmediately: true })
              if (givesUpAfter !== null) {
                yield* turns(givesUpAfter)
                yield* Fiber.interrupt(fiber)
              }
              return yield* Fiber.await(fiber)
            })
          ),
          { concurrency: "unbounded" }
        )
        const there = yield* textsOutside
        assert.strictEqual(new Set(there).size, there.length)
        const winners = callers.flatMap(({ name }, index) => (Exit.isSuccess(exits[index]!) ? [`n${name}`] : []))
        assert.strictEqual(new Set(winners).size, winners.length, "a name was given twice")
        for (const name of winners) assert.include(there, name)
        // What nobody gave up on is there, by whoever came first.
        for (const { name, givesUpAfter } of callers) if (givesUpAfter === null) assert.include(there, `n${name}`)
        for (const size of sizes) assert.isAtMost(size, 7)
      }),
    { arbitrary: { runs: engine.name === "sqlite" ? 40 : 15 } }
  )
})
