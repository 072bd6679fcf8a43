/** The data folder that is moved: read beside the server that runs on it, then taken away from it. */
import { Clock, Duration, Effect, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { busy, databaseFile } from "../store/DataFolder.ts"
import { forgetChanges, noteChanges, refuseChanges } from "./ChangeLog.ts"
import {
  asMoved,
  hasNul,
  type Column,
  keptTables,
  type KeptTable,
  type Row,
  type Shape,
  type Value,
  withoutNul
} from "./keptTables.ts"
import { shownIn, shownOf } from "./rowSum.ts"
import { hasTable, type Move, moveOf, opened } from "./moved.ts"

export interface Source {
  readonly shapes: ReadonlyArray<Shape>
  /** The last of each table of migrations; 0 where there is none. */
  readonly versionOf: (migrations: string) => number
  readonly move: () => Move | null
  /**
   * Names the move, and from then on notes what changes, until the scope closes. The same name where an earlier try had
   * begun.
   */
  readonly begin: (place: string) => Effect.Effect<Move, never, Scope.Scope>
  /** All rows as they are at one moment, until the scope closes. Nobody waits for it. */
  readonly snapshot: Effect.Effect<Snapshot, never, Scope.Scope>
  /** The same, with nobody else writing until the scope closes. */
  readonly last: Effect.Effect<LastSnapshot, never, Scope.Scope>
}

export interface Snapshot {
  /** How far the changes go that were noted by then. */
  readonly end: number
  readonly rows: (shape: Shape) => Iterable<Row>
  /** What stands for each row: `rowSum.ts`. */
  readonly shown: (shape: Shape) => Iterable<string>
  /** Those noted since `since`. A row that is gone has a key alone. */
  readonly changed: (shape: Shape, since: number) => Iterable<Changed>
  /** What `seq` was given out last, also to rows that are gone; 0 for none, null where rows have no `seq`. */
  readonly lastSeq: (shape: Shape) => number | null
}

export interface LastSnapshot extends Snapshot {
  /** From then on the folder is not served, and nobody writes to its database. All at once. */
  readonly moved: (at: number) => void
}

export interface Changed {
  readonly key: ReadonlyArray<Value>
  readonly row: Row | null
}

export const openSource = Effect.fnUntraced(function* (folder: string): Effect.fn.Return<Source, never, Scope.Scope> {
  const writing = yield* opened(databaseFile(folder), 50)
  const reading = yield* opened(databaseFile(folder), 5000)
  reading.exec("PRAGMA query_only = ON")
  const shapes = keptTables.filter((table) => hasTable(writing, table)).map((table) => shapeOf(writing, table))

  const odd = new Set<KeptTable>()

  const ended = (database: DatabaseSync) =>
    Effect.sync(() => {
      if (database.isTransaction) database.exec("ROLLBACK")
    })
  const reserved = Effect.acquireRelease(beginWriting(writing), () => ended(writing))

  const begin = Effect.fnUntraced(function* (place: string) {
    const move: Move = { id: moveOf(writing)?.id ?? randomUUID(), place, movedAt: null }
    const note = Effect.andThen(
      reserved,
      Effect.sync(() => {
        writing.exec(
          "CREATE TABLE IF NOT EXISTS move (one INTEGER PRIMARY KEY, id TEXT NOT NULL, place TEXT NOT NULL, moved_at BIGINT)"
        )
        writing.prepare("INSERT OR REPLACE INTO move (one, id, place) VALUES (1, ?, ?)").run(move.id, place)
        noteChanges(writing, shapes)
        writing.exec("COMMIT")
      })
    )
    const forget = Effect.andThen(
      reserved,
      Effect.sync(() => {
        forgetChanges(writing)
        writing.exec("COMMIT")
      })
    )
    yield* Effect.acquireRelease(Effect.scoped(note), () => Effect.ignoreCause(Effect.scoped(forget)))
    return move
  })

  return {
    shapes,
    versionOf: (migrations) => {
      if (!hasTable(reading, migrations)) return 0
      return Number(
        reading.prepare(`SELECT coalesce(max(migration_id), 0) AS latest FROM ${migrations}`).get()!["latest"]
      )
    },
    move: () => moveOf(reading),
    begin,
    snapshot: Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => reading.exec("BEGIN")),
        () => ended(reading)
      ),
      () => snapshotOf(reading, odd)
    ),
    last: Effect.map(reserved, () => ({
      ...snapshotOf(writing, odd),
      moved: (at) => {
        forgetChanges(writing)
        const { place } = moveOf(writing)!
        refuseChanges(writing, `the data of this folder was moved to ${place}; serve that database`)
        writing.prepare("UPDATE move SET moved_at = ?").run(at)
        writing.exec("COMMIT")
      }
    }))
  }
})

/** `odd`: tables with texts that were not taken as they are, so that SQLite knows them otherwise. */
const snapshotOf = (database: DatabaseSync, odd: Set<KeptTable>): Snapshot => {
  const moved = (shape: Shape, row: Row) => {
    const arriving = asMoved(shape, row)
    if (!odd.has(shape.table) && hasNul(row)) odd.add(shape.table)
    return arriving
  }
  const { end } = database.prepare("SELECT coalesce(max(seq), 0) AS end FROM move_change").get() as { end: number }
  return {
    end,
    *rows(shape) {
      const rows = database.prepare(`SELECT * FROM ${shape.table} ORDER BY ${shape.key.join(", ")}`).iterate()
      for (const row of rows) yield moved(shape, row as Row)
    },
    *shown(shape) {
      if (odd.has(shape.table)) {
        for (const row of this.rows(shape)) yield shownOf(shape, row)
        return
      }
      for (const row of database.prepare(`SELECT ${shownIn(shape)} AS shown FROM ${shape.table}`).iterate())
        yield String(row["shown"])
    },
    *changed(shape, since) {
      const { table, key } = shape
      const found = key.map((name, n) => `t.${name} = c.key_${"ab"[n]}`).join(" AND ")
      const rows = database
        .prepare(
          `SELECT c.key_a, c.key_b, t.* FROM
            (SELECT DISTINCT a AS key_a, b AS key_b FROM move_change WHERE seq > ? AND place = ?) c
            LEFT JOIN ${table} t ON ${found}`
        )
        .iterate(since, table)
      for (const each of rows) {
        const row = each as Row
        const names = key.length === 1 ? ["key_a"] : ["key_a", "key_b"]
        const isGone = row[key[0]!] === null
        yield { key: names.map((name) => withoutNul(row[name]!)), row: isGone ? null : moved(shape, row) }
      }
    },
    lastSeq: ({ table, key }) => {
      if (key[0] !== "seq") return null
      const row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").get(table)
      return row === undefined ? 0 : Number(row["seq"])
    }
  }
}

const shapeOf = (database: DatabaseSync, table: KeptTable): Shape => {
  const columns = database
    .prepare(`SELECT name, type, pk FROM pragma_table_info('${table}') ORDER BY cid`)
    .all() as unknown as ReadonlyArray<Column & { readonly pk: number }>
  const key = columns.filter(({ pk }) => pk > 0).toSorted((one, other) => one.pk - other.pk)
  return { table, columns: columns.map(({ name, type }) => ({ name, type })), key: key.map(({ name }) => name) }
}

/** The server's transactions are short; it is waited for without holding up this process. */
const beginWriting = Effect.fnUntraced(function* (database: DatabaseSync) {
  const until = (yield* Clock.currentTimeMillis) + lockedMs
  while (true) {
    try {
      return database.exec("BEGIN IMMEDIATE")
    } catch (error) {
      const isBusy = ((error as { errcode?: number }).errcode ?? 0) % 256 === busy
      if (!isBusy || (yield* Clock.currentTimeMillis) >= until) throw error
    }
    yield* Effect.sleep(Duration.millis(10))
  }
})

const lockedMs = 30_000
