/** The whole of the server's HTTP API. Routes, OpenAPI, the reference page and typed clients are made from it. */
import { HttpApi, OpenApi } from "effect/http-api"
import { AgentsApi } from "./agents.ts"
import { DeliveriesApi } from "./deliveries.ts"
import { asDocument } from "./document.ts"
import { EndpointsApi } from "./endpoints.ts"
import { ExecutionsApi } from "./executions.ts"
import { FiresApi } from "./fires.ts"
import { HookSetsApi } from "./hookSets.ts"
import { strict } from "./strict.ts"
import { HealthApi, SystemApi } from "./system.ts"
import { ToolServersApi } from "./toolServers.ts"

export class Api extends HttpApi.make("tenterhook")
  .add(AgentsApi)
  .add(ToolServersApi)
  .add(HookSetsApi)
  .add(FiresApi)
  .add(ExecutionsApi)
  .add(EndpointsApi)
  .add(DeliveriesApi)
  .add(SystemApi)
  .add(HealthApi)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  // A filter with a typing error would show everything.
  .annotate(HttpApi.QueryParseOptions, strict)
  .annotate(OpenApi.Title, "Tenterhook")
  .annotate(OpenApi.Version, "1")
  .annotate(OpenApi.Description, "Hooks for AI agents as a service.")
  .annotate(OpenApi.Transform, asDocument) {}
