/** The rows that a campaign leaves, and what must hold of them. */
import { PostgresClient } from "@tenterhook/postgres"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { databaseFile } from "../store/DataFolder.ts"

export interface Left {
  /** How many each table has. */
  readonly rows: Readonly<Record<string, number>>
  /** What does not hold, in words. */
  readonly problems: ReadonlyArray<string>
}

/** Of a data folder, however often its process was killed. */
export const rowsIn = (folder: string): Left => {
  const rows: Record<string, number> = {}
  const problems: Array<string> = []
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".db"))) {
    const database = new DatabaseSync(join(folder, file))
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all())
      rows[String(name)] = numberOf(database, `SELECT count(*) AS n FROM "${String(name)}"`)
    const check = String(database.prepare("PRAGMA quick_check").get()!["quick_check"])
    if (check !== "ok") problems.push(`${file} is damaged: ${check}`)
    database.close()
  }
  const database = new DatabaseSync(databaseFile(folder))
  for (const [sql, words] of [...rules, answered]) {
    const n = numberOf(database, sql)
    if (n > 0) problems.push(`${n} ${words}`)
  }
  database.close()
  return { rows, problems }
}

/** The same of a Postgres. */
export const rowsAt = (url: string): Promise<Left> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const numberOf = (text: string) => Effect.map(sql.unsafe<{ n: unknown }>(text), ([row]) => Number(row!.n))
    const tables = yield* sql<{ name: string }>`SELECT tablename AS name FROM pg_tables
      WHERE schemaname = 'public' ORDER BY tablename`
    const rows: Record<string, number> = {}
    for (const { name } of tables) rows[name] = yield* numberOf(`SELECT count(*) AS n FROM "${name}"`)
    const problems: Array<string> = []
    for (const [text, words] of rules) {
      const n = yield* numberOf(text)
      if (n > 0) problems.push(`${n} ${words}`)
    }
    return { rows, problems }
  }).pipe(Effect.provide(PostgresClient.layer({ url })), Effect.runPromise)

/** What there must be none of. */
const rules: ReadonlyArray<readonly [sql: string, words: string]> = [
  [
    `SELECT count(*) AS n FROM outbox_delivery d
      WHERE d.attempts <> (SELECT count(*) FROM outbox_attempt a WHERE a.delivery_id = d.id)`,
    "deliveries have other tries than they count"
  ]
]

/**
 * Answers are kept without waiting for the disk, so that a Postgres that crashes may take the last of them back: whoever
 * asks again has what was made then. A folder loses none of them by a kill.
 */
const answered = [
  "SELECT count(*) AS n FROM idempotency WHERE status IS NULL",
  "idempotency keys have no answer, though each request was answered"
] as const

const numberOf = (database: DatabaseSync, sql: string) => (database.prepare(sql).get() as { readonly n: number }).n
