/** What is not served: a folder whose data went to Postgres, and a database that it has not wholly come to. */
import { rowsOf } from "@tenterhook/sql"
import { Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { databaseFile, lockedBy } from "../store/DataFolder.ts"
import { forgetChanges } from "./ChangeLog.ts"

/** There is no way back: what came to the other place since is not here. */
export class FolderMoved extends Schema.TaggedError<FolderMoved>()("FolderMoved", {
  folder: Schema.String,
  place: Schema.String,
  at: Schema.Int
}) {
  override get message() {
    return `the data of ${this.folder} was moved to ${this.place} at ${new Date(this.at).toISOString()}, and what came since is only there: serve that database with --database-url, or name another folder with --data`
  }
}

export class StillArriving extends Schema.TaggedError<StillArriving>()("StillArriving", { from: Schema.String }) {
  override get message() {
    return `the data of ${this.from} is being moved to this database and is not complete: bring it to its end with \`tenterhook migrate --data ${this.from}\`, then serve it`
  }
}

/** Also ends what a move that was killed left in the folder; one that goes on is left alone. */
export const mayBeServed = (folder: string): Effect.Effect<void, FolderMoved> =>
  Effect.scoped(
    Effect.gen(function* () {
      if (!existsSync(databaseFile(folder))) return
      const database = yield* opened(databaseFile(folder), 5000)
      const move = moveOf(database)
      if (move === null) return
      if (move.movedAt !== null) return yield* new FolderMoved({ folder, place: move.place, at: move.movedAt })
      if (!hasTable(database, "move_change")) return
      const forgotten = Effect.try(() => inTransaction(database, () => forgetChanges(database)))
      // Whoever has the database at this moment keeps it: they are forgotten the next time.
      yield* Effect.ignore(
        Effect.andThen(
          claimMove(folder, () => null),
          forgotten
        )
      )
    })
  )

/** A client of a database that all the data of a move has come to, or that none ever came to. */
export const whenArrived = <E>(
  client: Layer.Layer<SqlClient.SqlClient, E>
): Layer.Layer<SqlClient.SqlClient, E | SqlError.SqlError | StillArriving> =>
  Layer.provideMerge(
    Layer.effectDiscard(
      Effect.gen(function* () {
        const arrival = yield* arrivalOf
        if (arrival !== null && arrival.ended_at === null) return yield* new StillArriving({ from: arrival.source })
      })
    ),
    client
  )

/** One move of a folder at a time. */
export const claimMove = <E>(folder: string, taken: () => E) => lockedBy(join(folder, "migrate.lock"), taken)

/** What the folder's database says of its move, from the first try on. */
export interface Move {
  readonly id: string
  /** Where to, without user and password. */
  readonly place: string
  readonly movedAt: number | null
}

export const moveOf = (database: DatabaseSync): Move | null => {
  if (!hasTable(database, "move")) return null
  const row = database.prepare("SELECT id, place, moved_at AS movedAt FROM move").get()
  return row === undefined ? null : (row as unknown as Move)
}

/** What the other database says of it. Null where no move ever began. */
export const arrivalOf = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* hereRows(sql`SELECT to_regclass('arrival') IS NOT NULL AS here`)
  if (!found!.here) return null
  const [row] = yield* arrivalRows(sql`SELECT id, source, ended_at::float8 AS ended_at FROM arrival`)
  return row ?? null
})

/** `timeout`: how long it holds up this process for another one's lock, in milliseconds. */
export const opened = (file: string, timeout: number) =>
  Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(file, { timeout })),
    (database) => Effect.sync(() => database.close())
  )

export const hasTable = (database: DatabaseSync, name: string): boolean =>
  database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined

const inTransaction = (database: DatabaseSync, work: () => void) => {
  database.exec("BEGIN IMMEDIATE")
  try {
    work()
    database.exec("COMMIT")
  } catch (error) {
    database.exec("ROLLBACK")
    throw error
  }
}

const hereRows = rowsOf(Schema.Struct({ here: Schema.Boolean }))
const arrivalRows = rowsOf(
  Schema.Struct({ id: Schema.String, source: Schema.String, ended_at: Schema.NullOr(Schema.Number) })
)
