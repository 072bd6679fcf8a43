import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Schema, Stream } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { SqliteClient } from "../src/index.ts"

const memory = SqliteClient.layer({ filename: ":memory:" })
const table = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, blob BLOB)`
  return sql
})
const withFile = <A, E>(test: (file: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tenterhook-sqlite-"))),
    (folder) => test(join(folder, "test.db")),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
const reasonOf = (error: SqlError.SqlError) => error.reason._tag

describe("statements", () => {
  it.effect("insert, read, count, delete", () =>
    Effect.gen(function* () {
      const sql = yield* table
      yield* sql`INSERT INTO item ${sql.insert([{ name: "a" }, { name: "b" }])}`
      assert.deepEqual(yield* sql`SELECT id, name FROM item ORDER BY id`, [
        { id: 1, name: "a" },
        { id: 2, name: "b" }
      ])
      assert.deepEqual(yield* sql`SELECT name FROM item WHERE ${sql.in("name", ["b", "c"])}`, [{ name: "b" }])
      assert.deepEqual(yield* sql`SELECT count(*) AS n FROM item`.values, [[2]])
      assert.deepEqual(yield* sql`DELETE FROM item RETURNING id`, [{ id: 1 }, { id: 2 }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("the same statement as rows and as values, in turn", () =>
    Effect.gen(function* () {
      const sql = yield* table
      const rows = sql`SELECT 1 AS one`
      for (let i = 0; i < 3; i++) {
        assert.deepEqual(yield* rows, [{ one: 1 }])
        assert.deepEqual(yield* rows.values, [[1]])
        assert.deepEqual(yield* rows.unprepared, [{ one: 1 }])
      }
    }).pipe(Effect.provide(memory))
  )

  const Texts = Schema.Array(Schema.String.check(Schema.isPattern(/^[^\0]*$/)))
  it.effect.prop("any text comes back as it went in", [Texts], ([texts]) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (const text of texts) assert.deepEqual(yield* sql`SELECT ${text} AS text`, [{ text: text.toWellFormed() }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("booleans, dates, bytes and nothing are bound", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [row] =
        yield* sql`SELECT ${true} AS yes, ${new Date(0)} AS at, ${new Uint8Array([1, 2])} AS bytes, ${null} AS none`
      assert.deepEqual(
        { ...row },
        { yes: 1, at: "1970-01-01T00:00:00.000Z", bytes: new Uint8Array([1, 2]), none: null }
      )
    }).pipe(Effect.provide(memory))
  )

  it.effect("more statements than are kept prepared", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      for (let i = 0; i < 600; i++) assert.deepEqual(yield* sql.unsafe(`SELECT ${i} AS i`), [{ i }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("a stream of rows", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n`
      assert.strictEqual(
        yield* rows.stream.pipe(
          Stream.runFold(
            () => 0,
            (sum, row: any) => sum + row.i
          )
        ),
        (5000 * 5001) / 2
      )
      const error = yield* Effect.flip(Stream.runDrain(sql`SELECT * FROM gone`.stream))
      assert.match(String(error), /gone/)
    }).pipe(Effect.provide(memory))
  )
})

describe("errors", () => {
  it.effect("are told apart", () =>
    Effect.gen(function* () {
      const sql = yield* table
      yield* sql`INSERT INTO item ${sql.insert({ name: "a" })}`
      assert.strictEqual(
        reasonOf(yield* Effect.flip(sql`INSERT INTO item ${sql.insert({ name: "a" })}`)),
        "UniqueViolation"
      )
      assert.strictEqual(reasonOf(yield* Effect.flip(sql`INSERT INTO item (name) VALUES (NULL)`)), "ConstraintError")
      const syntax = yield* Effect.flip(sql`SELEKT 1`)
      assert.match(syntax.reason.message ?? "", /SELEKT/)
    }).pipe(Effect.provide(memory))
  )

  it.effect("a file that cannot be opened fails the layer", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.provide(SqlClient.SqlClient, SqliteClient.layer({ filename: "/nowhere/at/all.db" }))
      )
      assert.strictEqual(reasonOf(error), "ConnectionError")
    })
  )
})

describe("transactions", () => {
  it.effect("commit as a whole, or not at all", () =>
    Effect.gen(function* () {
      const sql = yield* table
      const add = (name: string) => sql`INSERT INTO item ${sql.insert({ name })}`
      yield* sql.withTransaction(add("kept"))
      const exit = yield* Effect.exit(sql.withTransaction(Effect.andThen(add("lost"), Effect.fail("no" as const))))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepEqual(yield* sql`SELECT name FROM item`, [{ name: "kept" }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("nest: an inner one that fails takes only its own work back", () =>
    Effect.gen(function* () {
      const sql = yield* table
      const add = (name: string) => sql`INSERT INTO item ${sql.insert({ name })}`
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* add("outer")
          yield* Effect.ignore(sql.withTransaction(Effect.andThen(add("inner"), Effect.fail("no"))))
          yield* sql.withTransaction(add("second"))
        })
      )
      assert.deepEqual(yield* sql`SELECT name FROM item ORDER BY id`, [{ name: "outer" }, { name: "second" }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("of many fibers run one after the other", () =>
    Effect.gen(function* () {
      const sql = yield* table
      yield* sql`INSERT INTO item (id, name, blob) VALUES (1, 'counter', 0)`
      const bump = sql.withTransaction(
        Effect.gen(function* () {
          const [row] = yield* sql<{ blob: number }>`SELECT blob FROM item WHERE id = 1`
          yield* Effect.yieldNow
          yield* sql`UPDATE item SET blob = ${row!.blob + 1} WHERE id = 1`
        })
      )
      yield* Effect.all(
        Array.from({ length: 50 }, () => bump),
        { concurrency: "unbounded" }
      )
      assert.deepEqual(yield* sql`SELECT blob FROM item`, [{ blob: 50 }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("run what waits for the commit only after it", () =>
    Effect.gen(function* () {
      const sql = yield* table
      const seen: Array<string> = []
      yield* sql.withTransaction(
        Effect.andThen(
          sql.afterCommit(Effect.sync(() => seen.push("committed"))),
          Effect.sync(() => seen.push("inside"))
        )
      )
      assert.deepStrictEqual(seen, ["inside", "committed"])
    }).pipe(Effect.provide(memory))
  )
})

describe("a file", () => {
  it.effect("is in WAL mode, FULL unless asked otherwise", () =>
    withFile((filename) =>
      Effect.gen(function* () {
        const ask = (layer: ReturnType<typeof SqliteClient.layer>) =>
          Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            return [...(yield* sql`PRAGMA journal_mode`.values), ...(yield* sql`PRAGMA synchronous`.values)].flat()
          }).pipe(Effect.provide(layer))
        assert.deepStrictEqual(yield* ask(SqliteClient.layer({ filename })), ["wal", 2])
        assert.deepStrictEqual(yield* ask(SqliteClient.layer({ filename, synchronous: "NORMAL" })), ["wal", 1])
      })
    )
  )

  it.live("that another process has locked is waited for, and given up in time", () =>
    withFile((filename) =>
      Effect.gen(function* () {
        const sql = yield* table
        const built = yield* Layer.build(Layer.fresh(SqliteClient.layer({ filename, busyTimeoutMs: 60_000 })))
        const patient = Context.get(built, SqlClient.SqlClient)
        const other = new DatabaseSync(filename)
        other.exec("BEGIN IMMEDIATE")
        const refused = yield* Effect.flip(sql`INSERT INTO item ${sql.insert({ name: "a" })}`)
        assert.strictEqual(reasonOf(refused), "LockTimeoutError")
        const waiting = yield* Effect.forkChild(
          patient.withTransaction(patient`INSERT INTO item ${patient.insert({ name: "b" })}`)
        )
        yield* Effect.sleep(100)
        other.exec("COMMIT")
        yield* Fiber.join(waiting)
        other.close()
        assert.deepEqual(yield* sql`SELECT name FROM item`, [{ name: "b" }])
      }).pipe(Effect.scoped, Effect.provide(SqliteClient.layer({ filename, busyTimeoutMs: 400 })))
    )
  )

  it.effect("keeps what was committed when it is opened again", () =>
    withFile((filename) =>
      Effect.gen(function* () {
        const write = Effect.flatMap(table, (sql) => sql`INSERT INTO item ${sql.insert({ name: "kept" })}`)
        yield* Effect.provide(write, Layer.fresh(SqliteClient.layer({ filename })))
        const read = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT name FROM item`)
        assert.deepEqual(yield* Effect.provide(read, Layer.fresh(SqliteClient.layer({ filename }))), [{ name: "kept" }])
      })
    )
  )
})

describe("migrate", () => {
  it.effect("runs each migration once, in order", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      const step = (name: string) => Effect.sync(() => void ran.push(name))
      yield* SqliteClient.migrate({ "0002_second": step("second"), "0001_first": step("first") }, "migrations")
      yield* SqliteClient.migrate(
        { "0001_first": step("first"), "0002_second": step("second"), "0003_third": step("third") },
        "migrations"
      )
      assert.deepStrictEqual(ran, ["first", "second", "third"])
    }).pipe(Effect.provide(memory))
  )
})
