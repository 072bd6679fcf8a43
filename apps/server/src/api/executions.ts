/** Executions: start hooks now, end hooks on every way out, a lease for hosts that die. */
import { FireReport } from "@tenterhook/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { Exchange, Idempotency } from "./Exchange.ts"
import { Context, hosts, target } from "./fires.ts"
import { Instant, pageOf, pageQuery, timeQuery } from "./page.ts"
import { Conflict, Forbidden, NotFound, Unacceptable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const optional = Schema.optionalKey
const nullOr = Schema.NullOr

export const ExecutionStatus = Schema.Literals(["starting", "running", "ending", "ended"])
export type ExecutionStatus = typeof ExecutionStatus.Type

export const ExecutionOutcome = Schema.Literals(["success", "error", "aborted", "budget_exhausted"])
export type ExecutionOutcome = typeof ExecutionOutcome.Type

export const minLeaseMs = 1000
export const maxLeaseMs = 86_400_000
export const defaultLeaseMs = 60_000

const StartRequest = Schema.Struct({
  ...target,
  ...hosts,
  /** Default: `context.executionId`, else one is made. */
  id: optional(Schema.NonEmptyString.check(Schema.isMaxLength(200))),
  context: optional(Context),
  /** How long the host may be silent before it counts as dead, in milliseconds. Default: 60 000. */
  leaseMs: optional(Schema.Int.check(Schema.isBetween({ minimum: minLeaseMs, maximum: maxLeaseMs })))
}).annotate({ identifier: "StartRequest" })
export type StartRequest = typeof StartRequest.Type

const EndRequest = Schema.Struct({
  outcome: ExecutionOutcome,
  error: optional(Schema.Unknown),
  output: optional(Schema.Unknown),
  /** More for the end hooks' context. `env` needs `hooks:write`. */
  context: optional(Context)
}).annotate({ identifier: "EndRequest" })
export type EndRequest = typeof EndRequest.Type

export const Execution = Schema.Struct({
  id: Schema.String,
  status: ExecutionStatus,
  agentId: nullOr(Schema.String),
  hookSetId: nullOr(Schema.String),
  version: nullOr(Schema.Int),
  /** The reports of its start and end hooks, once they ran. */
  start: nullOr(FireReport),
  end: nullOr(FireReport),
  outcome: nullOr(ExecutionOutcome),
  error: Schema.Unknown,
  leaseMs: Schema.Int,
  leaseEndsAt: nullOr(Instant),
  createdAt: Instant,
  endedAt: nullOr(Instant)
}).annotate({ identifier: "Execution" })
export type Execution = typeof Execution.Type

const id = { id: Schema.NonEmptyString }

export class ExecutionsApi extends HttpApiGroup.make("executions")
  .add(
    HttpApiEndpoint.post("start", "/v1/executions", {
      payload: StartRequest,
      success: Execution.pipe(HttpApiSchema.status(201)),
      error: [NotFound, Unacceptable, Forbidden, Conflict]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["executions:write"])
      .annotate(OpenApi.Summary, "Start an execution: its start hooks run now"),
    HttpApiEndpoint.post("end", "/v1/executions/:id/end", {
      params: id,
      payload: EndRequest,
      success: Execution,
      error: [NotFound, Forbidden, Conflict]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["executions:write"])
      .annotate(OpenApi.Summary, "End an execution: its end hooks run now")
      .annotate(OpenApi.Description, "Again, it gives the same answer. With another outcome it is a conflict."),
    HttpApiEndpoint.post("extend", "/v1/executions/:id/lease", {
      params: id,
      success: Execution,
      error: [NotFound, Conflict]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["executions:write"])
      .annotate(OpenApi.Summary, "The host is alive: the lease begins anew")
      .annotate(
        OpenApi.Description,
        "Without it the lease runs out, and the end hooks run with the outcome `aborted`."
      ),
    HttpApiEndpoint.get("list", "/v1/executions", {
      query: {
        ...pageQuery,
        ...timeQuery,
        status: optional(ExecutionStatus),
        outcome: optional(ExecutionOutcome),
        agentId: optional(Schema.NonEmptyString),
        hookSetId: optional(Schema.NonEmptyString)
      },
      success: pageOf(Execution)
    })
      .annotate(RequiredScopes, ["executions:read"])
      .annotate(OpenApi.Summary, "Executions"),
    HttpApiEndpoint.get("get", "/v1/executions/:id", { params: id, success: Execution, error: NotFound })
      .annotate(RequiredScopes, ["executions:read"])
      .annotate(OpenApi.Summary, "One execution")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Executions")
  .annotate(
    OpenApi.Description,
    "Durable: once the start is answered, the end hooks run, whatever becomes of the host or of the server."
  ) {}
