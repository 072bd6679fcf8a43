/** A small record of executions, in the place of the server's: the truth about each, and how often each step was called. */
import { Clock, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ExecutionSteps } from "../../src/execution/ExecutionSteps.ts"

export interface Row {
  readonly id: string
  readonly status: "starting" | "running" | "ending" | "ended"
  readonly outcome: string | null
  readonly lease_ends_at: number
  /** How often the hooks of a start, of an end began and came to their record: more begun than done means a crash. */
  readonly starts: number
  readonly started: number
  readonly ends: number
  readonly ended: number
}

export interface RecordOptions {
  /** Runs inside a step, before it is recorded. */
  readonly during?: (step: "start" | "end", id: string) => Effect.Effect<void>
}

export const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE IF NOT EXISTS execution (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, outcome TEXT, lease_ends_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
    starts INTEGER NOT NULL DEFAULT 0, started INTEGER NOT NULL DEFAULT 0,
    ends INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0)`
  yield* sql`CREATE INDEX IF NOT EXISTS execution_lease ON execution (status, lease_ends_at)`
})

export const insert = Effect.fnUntraced(function* (id: string, leaseMs: number) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`INSERT INTO execution ${sql.insert({ id, status: "starting", lease_ends_at: now + leaseMs, changed_at: now })}
    ON CONFLICT (id) DO NOTHING`
})

export const setEnding = Effect.fnUntraced(function* (id: string, outcome: string) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`UPDATE execution SET status = 'ending', outcome = ${outcome}, changed_at = ${now}
    WHERE id = ${id} AND status IN ('starting', 'running')`
})

export const extend = Effect.fnUntraced(function* (id: string, leaseMs: number) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  yield* sql`UPDATE execution SET lease_ends_at = ${now + leaseMs} WHERE id = ${id} AND status IN ('starting', 'running')`
})

export const rowOf = Effect.fnUntraced(function* (id: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<Row>`SELECT * FROM execution WHERE id = ${id}`
  return row!
})

export const layer = (options: RecordOptions = {}) =>
  Layer.effect(
    ExecutionSteps,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* tables
      const during = options.during ?? (() => Effect.void)

      const start = Effect.fnUntraced(function* (id: string) {
        const [row] = yield* sql<Row>`SELECT started FROM execution WHERE id = ${id}`
        if (row === undefined || row.started > 0) return
        yield* sql`UPDATE execution SET starts = starts + 1 WHERE id = ${id}`
        yield* during("start", id)
        const now = yield* Clock.currentTimeMillis
        yield* sql`UPDATE execution SET started = started + 1, changed_at = ${now},
          status = CASE status WHEN 'starting' THEN 'running' ELSE status END WHERE id = ${id}`
      }, Effect.orDie)

      const end = Effect.fnUntraced(function* (id: string) {
        const [row] = yield* sql<Row>`SELECT status FROM execution WHERE id = ${id}`
        if (row?.status !== "ending") return
        yield* sql`UPDATE execution SET ends = ends + 1 WHERE id = ${id}`
        yield* during("end", id)
        yield* sql`UPDATE execution SET ended = ended + 1, status = 'ended' WHERE id = ${id}`
      }, Effect.orDie)

      const expire = Effect.flatMap(Clock.currentTimeMillis, (now) =>
        sql<{ id: string }>`UPDATE execution SET status = 'ending', outcome = 'aborted', changed_at = ${now}
          WHERE status IN ('starting', 'running') AND lease_ends_at < ${now} RETURNING id`.pipe(
          Effect.map((rows) => rows.map(({ id }) => id)),
          Effect.orDie
        )
      )

      const unfinished = (before: number) =>
        sql<Row>`SELECT id, status FROM execution WHERE status <> 'ended' AND changed_at < ${before}`.pipe(
          Effect.map((rows) => rows.map(({ id, status }) => ({ id, ending: status === "ending" }))),
          Effect.orDie
        )

      return ExecutionSteps.of({ start, end, expire, now: Clock.currentTimeMillis, unfinished })
    })
  )
