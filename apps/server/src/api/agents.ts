/** Wacht's agents, in Wacht's words. Source: Wacht, Execution hooks, "API shape". */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { Exchange, Idempotency } from "./Exchange.ts"
import { Instant, pageOf, pageQuery } from "./page.ts"
import { NotFound } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const Step = Schema.Struct({
  tool_name: Schema.String,
  args: Schema.Record(Schema.String, Schema.Unknown)
}).annotate({ identifier: "WachtStep" })

/** Its guide documents the first two; it knows the others as well. */
export const wachtPhases = [
  "execution_start",
  "execution_end",
  "before_llm",
  "after_llm",
  "before_tool",
  "after_tool",
  "on_budget_exhausted"
] as const

/** By phase. Checked as Wacht checks it. */
export const WachtHooks = Schema.Record(Schema.String, Schema.Array(Step)).annotate({ identifier: "WachtHooks" })

export const Agent = Schema.Struct({
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  hooks: WachtHooks,
  created_at: Instant,
  updated_at: Instant
}).annotate({ identifier: "Agent" })
export type Agent = typeof Agent.Type

const AgentSettings = Schema.Struct({
  name: Schema.optionalKey(Schema.NullOr(Schema.String)),
  description: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** `{"execution_start": [{"tool_name": …, "args": {…}}], "execution_end": […]}`; needs `hooks:write`. */
  hooks: Schema.optionalKey(Schema.Unknown)
}).annotate({ identifier: "AgentSettings" })
export type AgentSettings = typeof AgentSettings.Type

const agentId = { agent_id: Schema.String }

export class AgentsApi extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.post("create", "/ai/agents", {
      payload: AgentSettings,
      success: Agent.pipe(HttpApiSchema.status(201))
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["agents:write"])
      .annotate(OpenApi.Summary, "Make an agent, with its hooks"),
    HttpApiEndpoint.get("list", "/ai/agents", { query: pageQuery, success: pageOf(Agent) })
      .annotate(RequiredScopes, ["agents:read"])
      .annotate(OpenApi.Summary, "All agents"),
    HttpApiEndpoint.get("get", "/ai/agents/:agent_id", { params: agentId, success: Agent, error: NotFound })
      .annotate(RequiredScopes, ["agents:read"])
      .annotate(OpenApi.Summary, "One agent"),
    HttpApiEndpoint.patch("update", "/ai/agents/:agent_id", {
      params: agentId,
      payload: AgentSettings,
      success: Agent,
      error: NotFound
    })
      .annotate(RequiredScopes, ["agents:write"])
      .annotate(OpenApi.Summary, "Change an agent")
      .annotate(
        OpenApi.Description,
        "What is absent stays. `hooks`, where present, replaces all hooks; `{}` clears them."
      ),
    HttpApiEndpoint.delete("remove", "/ai/agents/:agent_id", {
      params: agentId,
      success: HttpApiSchema.NoContent,
      error: NotFound
    })
      .annotate(RequiredScopes, ["agents:write"])
      .annotate(OpenApi.Summary, "Remove an agent")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Agents")
  .annotate(OpenApi.Description, "Agents and their execution hooks, in the shape of Wacht's API.") {}
