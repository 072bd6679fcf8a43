/** SqlClient of effect/sql on the SQLite that comes with Node. */
export * as SqliteClient from "./SqliteClient.ts"
