/** Executions as rows: how far each one is, and all that its end hooks need, whichever process runs them. */
import { type EventContext, FireReport, type HostCapability } from "@tenterhook/core"
import { deleteInBatches, Flag, inChunks, rowsOf, Whole } from "@tenterhook/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type Execution, ExecutionOutcome, ExecutionStatus } from "../api/executions.ts"
import { about, Conflict, type InvalidRequest, NotFound } from "../api/Problem.ts"
import type { FireTarget } from "./Fires.ts"
import { type Page, paged, type PageQuery, where } from "./page.ts"
import { Processes } from "./Processes.ts"
import { type StoreError, stored } from "./StoreError.ts"
import { currentTime, nowIn } from "./time.ts"

export interface NewExecution extends FireTarget {
  readonly id: string
  readonly digest: string
  readonly context: EventContext
  readonly host: ReadonlyArray<HostCapability> | null
  readonly leaseMs: number
  /** The request that starts it, where it has an idempotency key. */
  readonly request: string | null
}

/** How its host says that it ended. */
export interface Ending {
  readonly outcome: ExecutionOutcome
  readonly error?: unknown
  readonly output?: unknown
  readonly context?: EventContext
}

/** The whole row: what is shown of it, and what its hooks need. */
export interface ExecutionRow extends Execution {
  readonly digest: string
  readonly context: EventContext
  readonly host: ReadonlyArray<HostCapability> | null
  readonly output: unknown
  readonly endContext: EventContext
}

export interface ExecutionQuery extends PageQuery {
  readonly status?: ExecutionStatus
  readonly outcome?: ExecutionOutcome
  readonly agentId?: string
  readonly hookSetId?: string
  readonly from?: number
  readonly to?: number
}

export interface Reached {
  readonly id: string
  readonly started: boolean
  readonly ended: boolean
}

export class Executions extends Context.Service<
  Executions,
  {
    /** False where there is one of this id already, unless the same request made it: then it was sent again. */
    readonly create: (execution: NewExecution) => Effect.Effect<boolean, StoreError>
    readonly get: (id: string) => Effect.Effect<ExecutionRow, StoreError | NotFound>
    readonly list: (query: ExecutionQuery) => Effect.Effect<Page<Execution>, StoreError | InvalidRequest>
    /** The lease begins anew. */
    readonly extend: (id: string) => Effect.Effect<void, StoreError | NotFound | Conflict>
    /**
     * Whether this process may run a step of it: no other one that lives is at one, and the step is still to be done.
     * Ends with the record of the step. What is done, or is not on record, is claimed by nobody.
     */
    readonly claim: (id: string, phase: "start" | "end") => Effect.Effect<"mine" | "taken" | "done", StoreError>
    /** Its end is recorded; the end hooks are still to run. Nothing happens where it was ended the same way before. */
    readonly ending: (id: string, how: Ending) => Effect.Effect<void, StoreError | NotFound | Conflict>
    /** The same for all whose lease has run out, with the outcome `aborted`. Gives their ids. */
    readonly expire: Effect.Effect<ReadonlyArray<string>, StoreError>
    /**
     * For a server that was away: what ran out meanwhile, and what would before its host has had its time, begins anew.
     * Nobody could hear the hosts.
     */
    readonly renew: Effect.Effect<void, StoreError>
    /** The time by which records are told to be old: the same for all who share them. */
    readonly now: Effect.Effect<number, StoreError>
    /** Not ended, and not touched since the time. */
    readonly unfinished: (
      before: number
    ) => Effect.Effect<ReadonlyArray<{ readonly id: string; readonly ending: boolean }>, StoreError>
    /** How far these are: whether their start hooks, their end hooks ran. */
    readonly reached: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Reached>, StoreError>
    /** Ended before the time, and the cluster may still keep something of them. */
    readonly unsettled: (before: number, limit: number) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** The cluster keeps nothing of them any more. */
    readonly settle: (ids: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
    /** Removes those that ended before the time, a little at a time. */
    readonly forget: (before: number) => Effect.Effect<number, StoreError>
  }
>()("@tenterhook/server/store/Executions") {
  static readonly layer = Layer.effect(
    Executions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const processes = yield* Processes
      const time = nowIn(sql)

      const create = Effect.fn("Executions.create")(function* (given: NewExecution) {
        const now = yield* time
        const context = JSON.stringify(given.context)
        const host = given.host === null ? null : JSON.stringify(given.host)
        const made =
          yield* sql`INSERT INTO execution (id, status, agent_id, hook_set_id, version, digest, context, host,
            lease_ms, created_at, touched_at, settled, request)
          VALUES (${given.id}, 'starting', ${given.agentId}, ${given.hookSetId}, ${given.version}, ${given.digest},
            ${context}, ${host}, ${given.leaseMs}, ${now}, ${now}, 0, ${given.request})
          ON CONFLICT (id) DO NOTHING RETURNING id`
        if (made.length > 0) return true
        return (yield* sql`SELECT id FROM execution WHERE id = ${given.id} AND request = ${given.request}`).length > 0
      }, stored("save the execution"))

      const get = Effect.fn("Executions.get")(function* (id: string) {
        const [row] = yield* executionRows(sql`SELECT * FROM execution WHERE id = ${id}`)
        return row === undefined ? yield* none(id) : executionOf(row)
      }, stored("read the execution"))

      const list = Effect.fn("Executions.list")((query: ExecutionQuery) =>
        paged(
          query,
          (before, limit) => {
            const conditions = [
              before === null ? null : sql`seq < ${before}`,
              query.status === undefined ? null : sql`status = ${query.status}`,
              query.outcome === undefined ? null : sql`outcome = ${query.outcome}`,
              query.agentId === undefined ? null : sql`agent_id = ${query.agentId}`,
              query.hookSetId === undefined ? null : sql`hook_set_id = ${query.hookSetId}`,
              query.from === undefined ? null : sql`created_at >= ${query.from}`,
              query.to === undefined ? null : sql`created_at < ${query.to}`
            ]
            return executionRows(
              sql`SELECT * FROM execution ${where(sql, conditions)} ORDER BY seq DESC LIMIT ${limit}`
            )
          },
          (row) => shown(executionOf(row))
        ).pipe(stored("list the executions"))
      )

      const extend = Effect.fn("Executions.extend")(function* (id: string) {
        const now = yield* time
        const rows = yield* sql`UPDATE execution SET lease_ends_at = ${now} + lease_ms, touched_at = ${now}
          WHERE id = ${id} AND status IN ('starting', 'running') RETURNING id`
        if (rows.length > 0) return
        const { status } = yield* get(id)
        const text = `expected an execution that goes on, but ${JSON.stringify(id)} is ${status}`
        return yield* new Conflict(about("params.id", text))
      }, stored("extend the lease"))

      const claim = Effect.fn("Executions.claim")(function* (id: string, phase: "start" | "end") {
        const open = sql`id = ${id} AND ${sql.literal(phase === "start" ? "start_report IS NULL" : "status = 'ending'")}`
        if (processes.shared) {
          const rows = yield* sql`UPDATE execution SET claimed_by = ${processes.me}
            WHERE ${open} AND ${processes.free("claimed_by")} RETURNING id`
          if (rows.length > 0) return "mine"
        }
        const isOpen = (yield* sql`SELECT id FROM execution WHERE ${open}`).length > 0
        if (!isOpen) return "done"
        return processes.shared ? "taken" : "mine"
      }, stored("claim the execution"))

      const ending = Effect.fn("Executions.ending")(function* (id: string, how: Ending) {
        const now = yield* time
        const set = {
          status: "ending",
          outcome: how.outcome,
          error: how.error === undefined ? null : JSON.stringify(how.error),
          output: how.output === undefined ? null : JSON.stringify(how.output),
          end_context: how.context === undefined ? null : JSON.stringify(how.context)
        }
        const rows = yield* sql`UPDATE execution SET ${sql.update(set)}, touched_at = ${now}
          WHERE id = ${id} AND status IN ('starting', 'running') RETURNING id`
        if (rows.length > 0) return
        const before = yield* get(id)
        if (before.outcome === how.outcome) return
        const text = `expected outcome to be ${before.outcome}, as ${JSON.stringify(id)} was ended before, got ${how.outcome}`
        return yield* new Conflict(about("payload.outcome", text))
      }, stored("end the execution"))

      const expire = Effect.gen(function* () {
        const now = yield* time
        const set = { status: "ending", outcome: "aborted", error: JSON.stringify(leaseRanOut) }
        const rows = yield* idRows(sql`UPDATE execution SET ${sql.update(set)}, touched_at = ${now}
          WHERE status = 'running' AND lease_ends_at < ${now} RETURNING id`)
        return rows.map(({ id }) => id)
      }).pipe(stored("end the executions"))

      const renew = Effect.gen(function* () {
        const now = yield* time
        yield* sql`UPDATE execution SET lease_ends_at = ${now} + lease_ms
          WHERE status = 'running' AND lease_ends_at < ${now} + lease_ms`
      }).pipe(stored("renew the leases"))

      const now = stored("read the time")(currentTime(sql))

      const unfinished = Effect.fn("Executions.unfinished")(function* (before: number) {
        const rows = yield* unfinishedRows(
          sql`SELECT id, status FROM execution WHERE status <> 'ended' AND touched_at < ${before} ORDER BY touched_at`
        )
        return rows.map(({ id, status }) => ({ id, ending: status === "ending" }))
      }, stored("read the executions"))

      const reached = Effect.fn("Executions.reached")(
        (ids: ReadonlyArray<string>) =>
          inChunks(ids, (some) =>
            reachedRows(sql`SELECT id, CASE WHEN start_report IS NULL THEN 0 ELSE 1 END AS started,
              CASE status WHEN 'ended' THEN 1 ELSE 0 END AS ended FROM execution WHERE ${sql.in("id", some)}`)
          ),
        stored("read the executions")
      )

      const unsettled = Effect.fn("Executions.unsettled")(function* (before: number, limit: number) {
        const rows = yield* idRows(sql`SELECT id FROM execution
          WHERE status = 'ended' AND settled = 0 AND ended_at < ${before} ORDER BY ended_at LIMIT ${limit}`)
        return rows.map(({ id }) => id)
      }, stored("read the executions"))

      const settle = Effect.fn("Executions.settle")(function* (ids: ReadonlyArray<string>) {
        yield* sql`UPDATE execution SET settled = 1 WHERE ${sql.in("id", ids)}`
      }, stored("save the executions"))

      const forget = (before: number) =>
        stored("forget old executions")(
          deleteInBatches(sql, {
            table: "execution",
            key: "id",
            where: sql`status = 'ended' AND settled = 1 AND ended_at < ${before}`
          })
        )

      return Executions.of({
        create,
        get,
        list,
        extend,
        claim,
        ending,
        expire,
        renew,
        now,
        unfinished,
        reached,
        unsettled,
        settle,
        forget
      })
    })
  )
}

/** What the API shows of it. Nobody waits for a lease once it has begun to end. */
export const shown = ({ digest: _d, context: _c, host: _h, output: _o, endContext: _e, ...row }: ExecutionRow) =>
  ({ ...row, leaseEndsAt: row.status === "running" ? row.leaseEndsAt : null }) as Execution

/** The error of an execution whose host fell silent. */
const leaseRanOut = "the lease ran out: nothing was heard of the host"

const none = (id: string) =>
  new NotFound(about("params.id", `expected the id of an execution, got ${JSON.stringify(id)}, which there is none of`))

const json = <S extends Schema.Top>(schema: S) => Schema.NullOr(Schema.fromJsonString(schema))

const Row = Schema.Struct({
  seq: Whole,
  id: Schema.String,
  status: ExecutionStatus,
  agent_id: Schema.NullOr(Schema.String),
  hook_set_id: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Whole),
  digest: Schema.String,
  context: Schema.fromJsonString(Schema.Unknown),
  host: json(Schema.Array(Schema.String)),
  start_report: json(FireReport),
  end_report: json(FireReport),
  outcome: Schema.NullOr(ExecutionOutcome),
  error: json(Schema.Unknown),
  output: json(Schema.Unknown),
  end_context: json(Schema.Unknown),
  lease_ms: Whole,
  lease_ends_at: Schema.NullOr(Whole),
  created_at: Whole,
  ended_at: Schema.NullOr(Whole)
})
const executionRows = rowsOf(Row)
const unfinishedRows = rowsOf(Schema.Struct({ id: Schema.String, status: ExecutionStatus }))
const reachedRows = rowsOf(Schema.Struct({ id: Schema.String, started: Flag, ended: Flag }))
const idRows = rowsOf(Schema.Struct({ id: Schema.String }))

const executionOf = (row: typeof Row.Type): ExecutionRow => ({
  id: row.id,
  status: row.status,
  agentId: row.agent_id,
  hookSetId: row.hook_set_id,
  version: row.version,
  start: row.start_report,
  end: row.end_report,
  outcome: row.outcome,
  error: row.error,
  leaseMs: row.lease_ms,
  leaseEndsAt: row.lease_ends_at,
  createdAt: row.created_at,
  endedAt: row.ended_at,
  digest: row.digest,
  context: contextOf(row.context),
  host: row.host as ReadonlyArray<HostCapability> | null,
  output: row.output,
  endContext: contextOf(row.end_context)
})

/** It was checked before it was kept. */
const contextOf = (value: unknown): EventContext => (value ?? {}) as EventContext
