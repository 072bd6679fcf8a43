/**
 * Triggers in the database of a data folder. While it is being moved they note the key of every row that changes,
 * whichever process changes it; once it was moved they refuse every change, also of a process that never asked.
 */
import type { DatabaseSync } from "node:sqlite"
import { keptTables, type Shape } from "./keptTables.ts"

/** Begins anew. Within a transaction. */
export const noteChanges = (database: DatabaseSync, shapes: ReadonlyArray<Shape>): void => {
  forgetChanges(database)
  database.exec("CREATE TABLE move_change (seq INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, a, b)")
  for (const { table, key } of shapes)
    for (const [change, row] of changes) {
      const values = [`'${table}'`, ...[0, 1].map((n) => (key[n] === undefined ? "NULL" : `${row}."${key[n]}"`))]
      database.exec(`CREATE TRIGGER move_${table}_${change} AFTER ${change} ON ${table}
        BEGIN INSERT INTO move_change (place, a, b) VALUES (${values.join(", ")}); END`)
    }
}

/** Within a transaction, or alone where nobody else has the database. */
export const forgetChanges = (database: DatabaseSync): void => {
  for (const table of keptTables)
    for (const [change] of changes) database.exec(`DROP TRIGGER IF EXISTS move_${table}_${change}`)
  database.exec("DROP TABLE IF EXISTS move_change")
}

/** Whoever still has the database open is told `why`. Within a transaction. */
export const refuseChanges = (database: DatabaseSync, why: string): void => {
  for (const table of keptTables)
    for (const [change] of changes)
      database.exec(`CREATE TRIGGER moved_${table}_${change} BEFORE ${change} ON ${table}
        BEGIN SELECT RAISE(ABORT, '${why.replaceAll("'", "''")}'); END`)
}

/** A key never changes, so the old row has it as well. */
const changes = [
  ["INSERT", "NEW"],
  ["UPDATE", "NEW"],
  ["DELETE", "OLD"]
] as const
