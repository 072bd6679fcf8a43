/** Fires: an event goes in, the report comes back, and both are kept. */
import { EventContext, FireReport, type HostCapability } from "@tenterhook/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { Exchange, Idempotency } from "./Exchange.ts"
import { HookSetUpload } from "./hookSets.ts"
import { Instant, pageOf, pageQuery, timeQuery } from "./page.ts"
import { Forbidden, NotFound, Unacceptable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const optional = Schema.optionalKey
const hostCapabilities = [
  "ask",
  "defer",
  "rewrite",
  "context",
  "resume"
] as const satisfies ReadonlyArray<HostCapability>

/** Whose hooks: an agent's, a hook set's, or those that come along. At most one of the three. */
export const target = {
  agentId: optional(Schema.NonEmptyString),
  hookSetId: optional(Schema.NonEmptyString),
  /** Of the hook set. Default: its latest. */
  version: optional(Schema.Int.check(Schema.isGreaterThan(0))),
  /** Needs `hooks:write`. */
  hooks: optional(HookSetUpload)
}

/** Who and where, and what happened. `env` needs `hooks:write`. */
export const Context = EventContext.annotate({ identifier: "EventContext" })

export const hosts = {
  /** What the host honours of an answer. Default: everything. */
  host: optional(Schema.Array(Schema.Literals(hostCapabilities)))
}

const FireRequest = Schema.Struct({
  ...target,
  ...hosts,
  /** A canonical name, one of the dialect's own, or `<namespace>:<name>`. */
  event: Schema.NonEmptyString,
  context: optional(Context),
  /** The class of a namespaced event. Default: `observe`. */
  class: optional(Schema.Literals(["gate", "loop", "transform", "observe"])),
  /** The execution that it is part of; its hooks are meant where nothing else is named. */
  executionId: optional(Schema.NonEmptyString)
}).annotate({ identifier: "FireRequest" })
export type FireRequest = typeof FireRequest.Type

const record = {
  id: Schema.String,
  event: Schema.String,
  dialect: Schema.NullOr(Schema.String),
  verdict: FireReport.fields.verdict,
  proceed: Schema.Boolean,
  agentId: Schema.NullOr(Schema.String),
  hookSetId: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Schema.Int),
  executionId: Schema.NullOr(Schema.String),
  /** How many hooks fitted. */
  outcomes: Schema.Int,
  durationMs: Schema.Finite,
  at: Instant
}

export const FireSummary = Schema.Struct(record).annotate({ identifier: "FireSummary" })
export type FireSummary = typeof FireSummary.Type

const FireRecord = Schema.Struct({ ...record, context: Schema.Unknown, report: FireReport }).annotate({
  identifier: "FireRecord"
})
export type FireRecord = typeof FireRecord.Type

export class FiresApi extends HttpApiGroup.make("fires")
  .add(
    HttpApiEndpoint.post("fire", "/v1/fires", {
      payload: FireRequest,
      success: FireReport,
      error: [NotFound, Unacceptable, Forbidden]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["fires:write"])
      .annotate(OpenApi.Summary, "Announce an event and run the hooks that fit"),
    HttpApiEndpoint.post("explain", "/v1/explain", {
      payload: FireRequest,
      success: Schema.Unknown,
      error: [NotFound, Unacceptable, Forbidden]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["hooks:read"])
      .annotate(OpenApi.Summary, "Which hooks would run, and why the others would not"),
    HttpApiEndpoint.get("list", "/v1/fires", {
      query: {
        ...pageQuery,
        ...timeQuery,
        event: optional(Schema.NonEmptyString),
        verdict: optional(FireReport.fields.verdict),
        proceed: optional(Schema.Literals(["true", "false"])),
        agentId: optional(Schema.NonEmptyString),
        hookSetId: optional(Schema.NonEmptyString),
        executionId: optional(Schema.NonEmptyString)
      },
      success: pageOf(FireSummary)
    })
      .annotate(RequiredScopes, ["fires:read"])
      .annotate(OpenApi.Summary, "The fires that were kept"),
    HttpApiEndpoint.get("get", "/v1/fires/:id", {
      params: { id: Schema.NonEmptyString },
      success: FireRecord,
      error: NotFound
    })
      .annotate(RequiredScopes, ["fires:read"])
      .annotate(OpenApi.Summary, "One fire, with its context and its report")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Fires")
  .annotate(OpenApi.Description, "The answer to a fire is the report, the same as the command line's and the SDK's.") {}
