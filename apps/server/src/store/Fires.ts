/** The record of every fire: what happened, what each hook came to, and what was announced, in one transaction. */
import { type Announcement, type EventContext, FireReport, OutcomeReport } from "@tenterhook/core"
import { deleteInBatches, Flag, inChunks, makeGroupCommit, makeTransactions, rowsOf, Whole } from "@tenterhook/sql"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { FireRecord, FireSummary } from "../api/fires.ts"
import { about, type InvalidRequest, NotFound } from "../api/Problem.ts"
import { type Page, paged, type PageQuery, where } from "./page.ts"
import { Processes } from "./Processes.ts"
import { type StoreError, stored } from "./StoreError.ts"
import { nowIn } from "./time.ts"

/** Whose hooks ran. All null: those that came along with the fire. */
export interface FireTarget {
  readonly agentId: string | null
  readonly hookSetId: string | null
  readonly version: number | null
}

export interface Fired extends FireTarget {
  readonly report: FireReport
  readonly context: EventContext
  readonly executionId: string | null
  readonly announcements: ReadonlyArray<Announcement>
  readonly durationMs: number
  readonly at: number
  /** The start or the end of the execution: its row is changed in the same transaction. */
  readonly phase?: "start" | "end"
  /** The request that fired, where it had an idempotency key and its host may still ask for the answer. */
  readonly request?: string | null
}

/** This process was taken for gone, and another one does the step: what came of it here does not count. */
export class TakenOver extends Schema.TaggedError<TakenOver>()("TakenOver", {
  id: Schema.String,
  phase: Schema.Literals(["start", "end"])
}) {
  override get message() {
    return `the ${this.phase} of execution ${this.id} was taken over by another server`
  }
}

export interface FireQuery extends PageQuery {
  readonly event?: string
  readonly verdict?: string
  readonly proceed?: "true" | "false"
  readonly agentId?: string
  readonly hookSetId?: string
  readonly executionId?: string
  readonly from?: number
  readonly to?: number
}

export class Fires extends Context.Service<
  Fires,
  {
    /**
     * Committed once it has succeeded, with what was announced; where a hook ran, the disk has it. Fires at the same
     * time share a commit. Of the start or the end of an execution that another process took over, nothing is kept.
     */
    readonly keep: (fired: Fired) => Effect.Effect<void, StoreError | TakenOver>
    readonly get: (id: string) => Effect.Effect<FireRecord, StoreError | NotFound>
    /** What an earlier request with the same idempotency key came to, whose answer was lost. */
    readonly ofRequest: (request: string) => Effect.Effect<FireReport | null, StoreError>
    readonly list: (query: FireQuery) => Effect.Effect<Page<FireSummary>, StoreError | InvalidRequest>
    /** Removes what is older, a little at a time. */
    readonly forget: (before: number) => Effect.Effect<number, StoreError>
  }
>()("@tenterhook/server/store/Fires") {
  static readonly layer = Layer.effect(
    Fires,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* Outbox
      const processes = yield* Processes
      const time = nowIn(sql)
      const { durable, relaxed } = yield* makeTransactions(sql)

      const write = Effect.fnUntraced(function* (list: ReadonlyArray<Fired>) {
        const kept = new Set(yield* Effect.filter(list, isOurs))
        const fires = [...kept].map(fireRow)
        if (fires.length > 0) yield* inChunks(fires, (rows) => sql`INSERT INTO fire ${sql.insert(rows)}`)
        const outcomes = [...kept].flatMap(({ report }) =>
          report.outcomes.map((one, place) => outcomeRow(report, one, place))
        )
        if (outcomes.length > 0) yield* inChunks(outcomes, (rows) => sql`INSERT INTO outcome ${sql.insert(rows)}`)
        const announcements = [...kept].flatMap((fired) => fired.announcements)
        if (announcements.length > 0) yield* Effect.orDie(outbox.announce(announcements))
        return list.map((fired) => kept.has(fired))
      })

      /** A step of an execution changes its row first: who does not have it any more changes nothing at all. */
      const isOurs = Effect.fnUntraced(function* (fired: Fired) {
        if (fired.phase === undefined) return true
        const now = yield* time
        return (yield* fired.phase === "start" ? markStarted(fired, now) : markEnded(fired, now)).length > 0
      })

      const markStarted = ({ report, executionId }: Fired, now: Statement.Fragment) => sql`UPDATE execution SET
        status = CASE status WHEN 'starting' THEN 'running' ELSE status END, start_report = ${JSON.stringify(report)},
        lease_ends_at = ${now} + lease_ms, touched_at = ${now}, claimed_by = NULL
        WHERE id = ${executionId} AND start_report IS NULL AND ${processes.mine("claimed_by")} RETURNING id`

      // Its environment was kept for the end hooks alone.
      const markEnded = ({ report, context, executionId }: Fired, now: Statement.Fragment) => sql`UPDATE execution SET
        status = 'ended', end_report = ${JSON.stringify(report)}, ended_at = ${now},
        context = ${JSON.stringify({ ...context, env: undefined })}, end_context = NULL,
        touched_at = ${now}, claimed_by = NULL
        WHERE id = ${executionId} AND status <> 'ended' AND ${processes.mine("claimed_by")} RETURNING id`

      const commit = makeGroupCommit<Fired, boolean>({ sql, transaction: durable, write, maxSize: 500 })
      // Where no hook ran, all that a power cut can take is the note that none did: no reason to wait for the disk.
      const note = makeGroupCommit<Fired, boolean>({ sql, transaction: relaxed, write, maxSize: 500 })
      const keep = (fired: Fired) => {
        const ranNothing = fired.report.outcomes.length === 0 && fired.phase === undefined
        return Effect.flatMap(stored("keep the fire")(ranNothing ? note(fired) : commit(fired)), (kept) =>
          kept ? Effect.void : Effect.fail(new TakenOver({ id: fired.executionId!, phase: fired.phase! }))
        )
      }

      const get = Effect.fn("Fires.get")(function* (id: string) {
        const [row] = yield* recordRows(sql`SELECT * FROM fire WHERE id = ${id}`)
        if (row === undefined) {
          const text = `expected the id of a fire, got ${JSON.stringify(id)}, which there is none of`
          return yield* new NotFound(about("params.id", text))
        }
        return { ...summaryOf(row), context: row.context, report: yield* wholeReport(row) }
      }, stored("read the fire"))

      const ofRequest = Effect.fn("Fires.ofRequest")(function* (request: string) {
        const [row] = yield* recordRows(sql`SELECT * FROM fire WHERE request = ${request}`)
        return row === undefined ? null : yield* wholeReport(row)
      }, stored("read the fire"))

      const wholeReport = Effect.fnUntraced(function* ({ id, report }: typeof RecordRow.Type) {
        const outcomes = yield* outcomeRows(sql`SELECT report FROM outcome WHERE fire_id = ${id} ORDER BY place`)
        return { ...report, outcomes: outcomes.map((one) => one.report) } satisfies FireReport
      })

      const list = Effect.fn("Fires.list")((query: FireQuery) =>
        paged(
          query,
          (before, limit) => {
            const conditions = [
              before === null ? null : sql`seq < ${before}`,
              query.event === undefined ? null : sql`event = ${query.event}`,
              query.verdict === undefined ? null : sql`verdict = ${query.verdict}`,
              query.proceed === undefined ? null : sql`proceed = ${query.proceed === "true" ? 1 : 0}`,
              query.agentId === undefined ? null : sql`agent_id = ${query.agentId}`,
              query.hookSetId === undefined ? null : sql`hook_set_id = ${query.hookSetId}`,
              query.executionId === undefined ? null : sql`execution_id = ${query.executionId}`,
              query.from === undefined ? null : sql`at >= ${query.from}`,
              query.to === undefined ? null : sql`at < ${query.to}`
            ]
            return summaryRows(sql`SELECT seq, id, event, dialect, verdict, proceed, agent_id, hook_set_id, version,
              execution_id, outcomes, duration_ms, at FROM fire ${where(sql, conditions)} ORDER BY seq DESC LIMIT ${limit}`)
          },
          summaryOf
        ).pipe(stored("list the fires"))
      )

      const forget = (before: number) =>
        stored("forget old fires")(deleteInBatches(sql, { table: "fire", key: "id", where: sql`at < ${before}` }))

      return Fires.of({ keep, get, ofRequest, list, forget })
    })
  )
}

/** Without the environment: it may hold secrets, and nothing that is shown needs it. */
const fireRow = ({ report, context, ...fired }: Fired) => {
  const { outcomes, ...rest } = report
  return {
    id: report.fireId,
    event: report.event,
    dialect: report.dialect,
    verdict: report.verdict,
    proceed: report.proceed ? 1 : 0,
    agent_id: fired.agentId,
    hook_set_id: fired.hookSetId,
    version: fired.version,
    execution_id: fired.executionId,
    outcomes: outcomes.length,
    duration_ms: fired.durationMs,
    at: fired.at,
    context: JSON.stringify({ ...context, env: undefined }),
    report: JSON.stringify(rest),
    request: fired.request ?? null
  }
}

const outcomeRow = (report: FireReport, outcome: OutcomeReport, place: number) => ({
  fire_id: report.fireId,
  place,
  hook: outcome.hook,
  status: outcome.status,
  reason: outcome.reason,
  report: JSON.stringify(outcome)
})

const SummaryRow = Schema.Struct({
  seq: Whole,
  id: Schema.String,
  event: Schema.String,
  dialect: Schema.NullOr(Schema.String),
  verdict: FireReport.fields.verdict,
  proceed: Flag,
  agent_id: Schema.NullOr(Schema.String),
  hook_set_id: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Whole),
  execution_id: Schema.NullOr(Schema.String),
  outcomes: Whole,
  duration_ms: Schema.Number,
  at: Whole
})
const summaryRows = rowsOf(SummaryRow)
const { outcomes: _, ...bare } = FireReport.fields
const RecordRow = Schema.Struct({
  ...SummaryRow.fields,
  context: Schema.fromJsonString(Schema.Unknown),
  report: Schema.fromJsonString(Schema.Struct(bare))
})
const recordRows = rowsOf(RecordRow)
const outcomeRows = rowsOf(Schema.Struct({ report: Schema.fromJsonString(OutcomeReport) }))

const summaryOf = (row: typeof SummaryRow.Type): FireSummary => ({
  id: row.id,
  event: row.event,
  dialect: row.dialect,
  verdict: row.verdict,
  proceed: row.proceed,
  agentId: row.agent_id,
  hookSetId: row.hook_set_id,
  version: row.version,
  executionId: row.execution_id,
  outcomes: row.outcomes,
  durationMs: row.duration_ms,
  at: row.at
})
