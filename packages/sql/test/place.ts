/** A SQLite file of its own, with a table of notes, and how many transactions were committed on it. */
import { makeTransactions } from "@tenterhook/sql"
import { SqliteClient } from "@tenterhook/sqlite"
import { Effect } from "effect"
import { Reactivity } from "effect/reactivity"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const place = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tenterhook-sql-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const filename = join(folder, "one.db")
  const sql = yield* SqliteClient.make({ filename })
  const other = yield* SqliteClient.make({ filename })
  yield* sql`CREATE TABLE note (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE, at INTEGER)`
  const transactions = yield* makeTransactions(sql)
  let commits = 0
  const insert = (text: string) => sql`INSERT INTO note ${sql.insert({ text, at: 0 })}`
  const texts = Effect.map(sql<{ text: string }>`SELECT text FROM note ORDER BY seq`, (rows) =>
    rows.map(({ text }) => text)
  )
  /** As somebody else sees them. */
  const textsOutside = Effect.map(other<{ text: string }>`SELECT text FROM note ORDER BY seq`, (rows) =>
    rows.map(({ text }) => text)
  )
  const counted: typeof transactions.durable = (effect) =>
    Effect.tap(transactions.durable(effect), () => Effect.sync(() => void commits++))
  return { sql, other, transactions, counted, commits: () => commits, insert, texts, textsOutside }
}).pipe(Effect.provide(Reactivity.layer))
