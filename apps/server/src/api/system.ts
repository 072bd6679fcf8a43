/** For operators and their monitoring: health, metrics, and what happens now. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { Exchange } from "./Exchange.ts"
import { Unavailable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const Ready = Schema.Struct({
  ok: Schema.Literal(true),
  /** What was checked, with how long it took or how old it is. */
  checks: Schema.Record(Schema.String, Schema.String)
}).annotate({ identifier: "Ready" })

/** `fire`, `execution` or `delivery`; its data is one JSON text. */
export const streamTypes = ["fire", "execution", "delivery"] as const
export type StreamType = (typeof streamTypes)[number]

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/livez", { success: Schema.Struct({ ok: Schema.Literal(true) }) }).annotate(
      OpenApi.Summary,
      "The process answers"
    ),
    HttpApiEndpoint.get("ready", "/readyz", { success: Ready, error: Unavailable }).annotate(
      OpenApi.Summary,
      "The database takes writes, its tables are up to date, and work goes on"
    )
  )
  .middleware(Exchange)
  .annotate(OpenApi.Title, "Health")
  .annotate(OpenApi.Description, "Needs no key.") {}

export class SystemApi extends HttpApiGroup.make("system")
  .add(
    HttpApiEndpoint.get("metrics", "/metrics", { success: Schema.String.pipe(HttpApiSchema.asText()) })
      .annotate(RequiredScopes, ["metrics:read"])
      .annotate(OpenApi.Summary, "Figures for Prometheus"),
    HttpApiEndpoint.get("stream", "/v1/stream", {
      query: {
        /** Some of `fire`, `execution`, `delivery`, with commas between them. Default: all. */
        types: Schema.optionalKey(Schema.NonEmptyString),
        /** Of that agent, of that execution. Deliveries are of neither, and do not come then. */
        agentId: Schema.optionalKey(Schema.NonEmptyString),
        executionId: Schema.optionalKey(Schema.NonEmptyString)
      },
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/event-stream" }))
    })
      .annotate(RequiredScopes, ["stream:read"])
      .annotate(OpenApi.Summary, "What happens from now on, as server-sent events")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "System") {}
