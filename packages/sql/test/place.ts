/** A database of its own, with a table of notes, and how many transactions were committed on it. */
import { makeTransactions, rowsOf } from "@tenterhook/sql"
import type { Engine } from "@tenterhook/testing-databases"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"

export const place = Effect.fnUntraced(function* ({ database }: Engine) {
  const { client } = yield* database
  const sql = Context.get(yield* Layer.build(client), SqlClient.SqlClient)
  const other = Context.get(yield* Layer.build(client), SqlClient.SqlClient)
  const sequence = sql.onDialectOrElse({
    orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT",
    pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
  })
  yield* sql`CREATE TABLE note (seq ${sql.literal(sequence)}, text TEXT NOT NULL UNIQUE, at BIGINT)`
  const transactions = yield* makeTransactions(sql)
  let commits = 0
  const insert = (text: string) => sql`INSERT INTO note ${sql.insert({ text, at: 0 })}`
  const textsOf = (client: SqlClient.SqlClient) =>
    Effect.map(textRows(client`SELECT text FROM note ORDER BY seq`), (rows) => rows.map(({ text }) => text))
  const counted: typeof transactions.durable = (effect) =>
    Effect.tap(transactions.durable(effect), () => Effect.sync(() => void commits++))
  return {
    sql,
    other,
    transactions,
    counted,
    commits: () => commits,
    insert,
    texts: textsOf(sql),
    /** As somebody else sees them. */
    textsOutside: textsOf(other)
  }
})

const textRows = rowsOf(Schema.Struct({ text: Schema.String }))
