/** Moves all that a data folder holds to Postgres, while its server runs until the last moment. */
import { PostgresClient } from "@tenterhook/postgres"
import { Cause, Clock, Duration, Effect, Exit } from "effect"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { claimFolder, databaseFile } from "../store/DataFolder.ts"
import { keptTables, type KeptTable, type Row, type Shape, type Value } from "./keptTables.ts"
import { claimMove, FolderMoved, moveOf, opened } from "./moved.ts"
import { MoveRefused } from "./MoveRefused.ts"
import { sumOf } from "./rowSum.ts"
import { type LastSnapshot, openSource, type Snapshot, type Source } from "./Source.ts"
import { openTarget, type Target } from "./Target.ts"

export interface MoveOptions {
  /** The data folder. */
  readonly data: string
  /** `postgres://…`, without data of a server's. */
  readonly databaseUrl: string
  /** How long it is waited for the folder's server to be stopped, in milliseconds. Default: 10 minutes. */
  readonly waitMs?: number
  /** Told how far it is, and when the server is to be stopped. */
  readonly tell?: (text: string) => void
  /** Ends it, with the folder as it was. */
  readonly signal?: AbortSignal
}

export interface Moved {
  /** Absolute. */
  readonly data: string
  /** Host and name of the database. */
  readonly place: string
  /** What is there now, table by table. */
  readonly rows: ReadonlyArray<{ readonly table: KeptTable; readonly rows: number }>
  /** How long the folder's server could not have run for the sake of the move, in milliseconds. */
  readonly pausedMs: number
}

/**
 * Resolves when everything is there and the folder is not served any more. Until then the folder stays what it was: a
 * move that was broken off, however it ended, begins anew. Rejects with `MoveRefused`, `NoDatabase` or `FolderMoved` where it
 * was asked wrongly.
 */
export const moveFolder = async ({ signal, ...options }: MoveOptions): Promise<Moved> => {
  const data = resolve(options.data)
  if (!existsSync(databaseFile(data)))
    throw new MoveRefused({ why: `${data}: expected the data folder of a server, found no server.db in it` })
  const client = PostgresClient.layer({ url: options.databaseUrl, maxConnections: 4, waitMs: 5000 })
  const move = Effect.scoped(Effect.provide(moving({ ...options, data }), client))
  const exit = await Effect.runPromiseExit(move, signal === undefined ? {} : { signal })
  if (Exit.isSuccess(exit)) return exit.value
  const error = Cause.squash(exit.cause)
  throw asked.has((error as { _tag?: string })._tag ?? "") ? error : new Error(brokenOff(data, error), { cause: error })
}

const moving = Effect.fnUntraced(function* ({ data, databaseUrl, waitMs = 600_000, tell = () => {} }: MoveOptions) {
  yield* claimMove(data, () => new MoveRefused({ why: `${data} is being moved already` }))
  const source = yield* openSource(data)
  const place = placeOf(databaseUrl)
  const before = source.move()
  const gone =
    before === null || before.movedAt === null
      ? null
      : new FolderMoved({ folder: data, place: before.place, at: before.movedAt })
  if (gone !== null && gone.place !== place) return yield* gone
  const target = yield* openTarget
  if (gone !== null) {
    const arrival = yield* target.arrival
    if (arrival?.id !== before?.id || arrival?.ended_at !== null) return yield* gone
    // It was killed between the two ends: everything is there.
    yield* target.end
    const sums = yield* Effect.forEach(source.shapes, (shape) => target.sum(shape))
    return { data, place, rows: source.shapes.map(({ table }, n) => ({ table, rows: sums[n]!.rows })), pausedMs: 0 }
  }
  yield* refuseOtherVersion(source, target, data)
  const move = yield* source.begin(place)
  yield* target.begin(move, data)

  tell(`copying ${data} to ${place}; its server may go on`)
  let since = yield* Effect.scoped(Effect.flatMap(source.snapshot, (all) => copy(source, target, all, tell)))

  /** Gives how many rows it was about. */
  const catchUp = Effect.fnUntraced(function* (snapshot: Snapshot) {
    const count = yield* copyChanges(source, target, snapshot, since)
    since = snapshot.end
    return count
  })
  const catchUpBeside = Effect.scoped(Effect.flatMap(source.snapshot, catchUp))
  for (let tries = 0; tries < 10 && (yield* catchUpBeside) > few; tries++);

  const until = (yield* Clock.currentTimeMillis) + waitMs
  let isTold = false
  while ((yield* Effect.result(claimFolder(data)))._tag === "Failure") {
    if (!isTold) tell("everything but the latest is there: stop the server now; waiting…")
    isTold = true
    if ((yield* Clock.currentTimeMillis) >= until)
      return yield* new MoveRefused({
        why: `${data}: its server still runs after ${Math.round(waitMs / 1000)} s of waiting, so it was not moved; start the move again, and stop the server when you are asked to`
      })
    yield* catchUpBeside
    yield* Effect.sleep(Duration.millis(lookAgainMs))
  }

  const stopped = yield* Clock.currentTimeMillis
  tell("copying what is left")
  const last = yield* source.last
  yield* catchUp(last)
  const rows = yield* compare(source, target, last)
  for (const shape of source.shapes) {
    const seq = last.lastSeq(shape)
    if (seq !== null) yield* target.setSeq(shape, seq)
  }
  yield* target.settle
  last.moved(yield* Clock.currentTimeMillis)
  yield* target.end
  return { data, place, rows, pausedMs: (yield* Clock.currentTimeMillis) - stopped } satisfies Moved
})

const copy = Effect.fnUntraced(function* (
  { shapes }: Source,
  target: Target,
  snapshot: Snapshot,
  tell: (text: string) => void
) {
  for (const shape of shapes) {
    let count = 0
    for (const rows of inBatches(snapshot.rows(shape), weightOf)) {
      yield* target.write(shape, rows)
      count += rows.length
      if (count % tellEach < rows.length && count > tellEach) tell(`${count} of ${shape.table}`)
    }
  }
  return snapshot.end
})

/** What is gone goes first, and what refers to others before those: both ways all references hold. */
const copyChanges = Effect.fnUntraced(function* (
  { shapes }: Source,
  target: Target,
  snapshot: Snapshot,
  since: number
) {
  let count = 0
  if (snapshot.end === since) return count
  for (const shape of shapes.toReversed())
    for (const keys of inBatches(goneOf(snapshot, shape, since), () => 100)) {
      yield* target.remove(shape, keys)
      count += keys.length
    }
  for (const shape of shapes)
    for (const rows of inBatches(leftOf(snapshot, shape, since), weightOf)) {
      yield* target.write(shape, rows)
      count += rows.length
    }
  return count
})

const goneOf = function* (snapshot: Snapshot, shape: Shape, since: number) {
  for (const { key, row } of snapshot.changed(shape, since)) if (row === null) yield key
}

const leftOf = function* (snapshot: Snapshot, shape: Shape, since: number) {
  for (const { row } of snapshot.changed(shape, since)) if (row !== null) yield row
}

/** Every row of both, at the same time: what was missed would be lost. Gives how many of each. */
const compare = Effect.fnUntraced(function* ({ shapes }: Source, target: Target, last: LastSnapshot) {
  const [here, there] = yield* Effect.all(
    [Effect.forEach(shapes, (shape) => sumOf(last.shown(shape))), Effect.forEach(shapes, (shape) => target.sum(shape))],
    { concurrency: 2 }
  )
  for (const [n, { table }] of shapes.entries()) {
    const [one, other] = [here[n]!, there[n]!]
    if (one.rows === other.rows && one.total === other.total) continue
    const what = one.rows === other.rows ? `${one.rows} that differ` : `${other.rows}, where the folder has ${one.rows}`
    return yield* Effect.die(new Error(`expected all of ${table} in the database, got ${what}`))
  }
  return shapes.map(({ table }, n) => ({ table, rows: here[n]!.rows }))
})

/** Both have the tables of this version, so that each row means the same there. The database was brought to it. */
const refuseOtherVersion = Effect.fnUntraced(function* (source: Source, target: Target, data: string) {
  for (const migrations of migrationTables) {
    const [has, expected] = [source.versionOf(migrations), yield* target.versionOf(migrations)]
    if (has > expected)
      return yield* new MoveRefused({
        why: `a later version of Tenterhook made ${data}: expected ${migrations} at ${expected}, found ${has}; move it with that version`
      })
    if (has < expected || source.shapes.length < keptTables.length)
      return yield* new MoveRefused({
        why: `an earlier version of Tenterhook made ${data}: expected ${migrations} at ${expected}, found ${has}; start \`tenterhook serve\` of this version on it once, which brings it up to date`
      })
  }
})

/** By what they weigh, so that none is large. */
const inBatches = function* <A>(list: Iterable<A>, weight: (one: A) => number): Generator<ReadonlyArray<A>> {
  let batch: Array<A> = []
  let size = 0
  for (const one of list) {
    batch.push(one)
    size += weight(one)
    if (size < batchSize && batch.length < batchRows) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

const weightOf = (row: Row): number =>
  Object.values(row).reduce((sum: number, value: Value) => sum + (typeof value === "string" ? value.length : 8), 0)

const placeOf = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

const brokenOff = (data: string, error: unknown) => {
  let found = error
  while (found instanceof Error && found.cause instanceof Error) found = found.cause
  const why = found instanceof Error ? found.message : String(found)
  const isThere = Effect.runSync(
    Effect.scoped(Effect.map(opened(databaseFile(data), 5000), (database) => moveOf(database)?.movedAt != null))
  )
  const where = isThere ? "Everything is there, but the database could not be told" : "The folder is as it was"
  return `the move of ${data} was broken off: ${why}. ${where}; start the move again`
}

const asked: ReadonlySet<string> = new Set([
  "MoveRefused",
  "NoDatabase",
  "FolderMoved",
  "FolderTaken",
  "MigrationError"
])
const migrationTables = ["server_migration", "server_key_migration", "server_idempotency_migration", "outbox_migration"]
/** Rows that are copied in a moment. */
const few = 2000
const lookAgainMs = 500
const tellEach = 100_000
const batchSize = 2_000_000
const batchRows = 1000
