/** Endpoints: who gets what dialects announce. */
import { DeliveryStatus, EndpointRules, EndpointStatus } from "@tenterhook/webhook/outbox"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { Delivery } from "./deliveries.ts"
import { strict } from "./strict.ts"
import { optionalBody } from "./document.ts"
import { Exchange, Idempotency } from "./Exchange.ts"
import { Instant, pageOf, pageQuery } from "./page.ts"
import { Conflict, NotFound, Unacceptable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const optional = Schema.optionalKey
const nullOr = Schema.NullOr
const Headers = Schema.Record(Schema.String, Schema.String)
const Filter = Schema.Record(Schema.String, Schema.Unknown)

/** What differs from the mode's rules. */
const Rules = EndpointRules.annotate({ identifier: "DeliveryRules" })

const settings = {
  description: optional(Schema.String),
  /** Types of announcements: exact, a beginning (`agent.*`), or `*`. Default: all. */
  events: optional(Schema.Array(Schema.NonEmptyString)),
  /** By what an announcement says: `{"status": "failed"}`. Default: all. */
  filter: optional(nullOr(Filter)),
  /** Added to each request. */
  headers: optional(Headers),
  ratePerSecond: optional(nullOr(Schema.Finite)),
  /** Requests at the same time at most. Default: 10. */
  concurrency: optional(Schema.Int),
  /** One delivery after the other, in the order of the announcements. Default: false. */
  fifo: optional(Schema.Boolean),
  /** `standard` (default), `wacht-documented` or `wacht-upstream`. */
  mode: optional(Schema.NonEmptyString),
  rules: optional(nullOr(Rules))
}

const EndpointSettings = Schema.Struct({ ...settings, url: optional(Schema.NonEmptyString) }).annotate({
  identifier: "EndpointSettings"
})

const NewEndpoint = Schema.Struct({
  ...settings,
  url: Schema.NonEmptyString,
  /** `whsec_` and 24 to 64 bytes in base64. Default: one is made. */
  secret: optional(Schema.NonEmptyString)
}).annotate({ identifier: "NewEndpoint" })
export type NewEndpoint = typeof NewEndpoint.Type

const saved = {
  id: Schema.String,
  url: Schema.String,
  description: Schema.String,
  events: Schema.Array(Schema.String),
  filter: nullOr(Filter),
  headers: Headers,
  ratePerSecond: nullOr(Schema.Finite),
  concurrency: Schema.Int,
  fifo: Schema.Boolean,
  mode: Schema.String,
  rules: nullOr(Rules),
  status: EndpointStatus,
  /** Why it is disabled. */
  reason: nullOr(Schema.String),
  createdAt: Instant,
  updatedAt: Instant
}

export const Endpoint = Schema.Struct(saved).annotate({ identifier: "Endpoint" })
export type Endpoint = typeof Endpoint.Type

const EndpointWithSecret = Schema.Struct({ ...saved, secret: Schema.String }).annotate({
  identifier: "EndpointWithSecret"
})

const id = { id: Schema.NonEmptyString }
const write = ["endpoints:write"] as const

const turn = <const Name extends string>(name: Name, summary: string) =>
  HttpApiEndpoint.post(name, `/v1/endpoints/:id/${name}`, { params: id, success: Endpoint, error: NotFound })
    .middleware(Idempotency)
    .annotate(RequiredScopes, write)
    .annotate(OpenApi.Summary, summary)

export class EndpointsApi extends HttpApiGroup.make("endpoints")
  .add(
    HttpApiEndpoint.post("create", "/v1/endpoints", {
      payload: NewEndpoint,
      success: EndpointWithSecret.pipe(HttpApiSchema.status(201)),
      error: Unacceptable
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, write)
      .annotate(OpenApi.Summary, "Make an endpoint")
      .annotate(OpenApi.Description, "Its secret is in this answer and in no other."),
    HttpApiEndpoint.get("list", "/v1/endpoints", { query: pageQuery, success: pageOf(Endpoint) })
      .annotate(RequiredScopes, ["endpoints:read"])
      .annotate(OpenApi.Summary, "All endpoints"),
    HttpApiEndpoint.get("get", "/v1/endpoints/:id", { params: id, success: Endpoint, error: NotFound })
      .annotate(RequiredScopes, ["endpoints:read"])
      .annotate(OpenApi.Summary, "One endpoint"),
    HttpApiEndpoint.patch("update", "/v1/endpoints/:id", {
      params: id,
      payload: EndpointSettings,
      success: Endpoint,
      error: [NotFound, Unacceptable]
    })
      .annotate(RequiredScopes, write)
      .annotate(OpenApi.Summary, "Change an endpoint; what is absent stays"),
    HttpApiEndpoint.delete("remove", "/v1/endpoints/:id", {
      params: id,
      success: HttpApiSchema.NoContent,
      error: NotFound
    })
      .annotate(RequiredScopes, write)
      .annotate(OpenApi.Summary, "Remove an endpoint with its deliveries"),
    HttpApiEndpoint.post("enable", "/v1/endpoints/:id/enable", {
      params: id,
      payload: [Schema.Struct({ deliverHeld: optional(Schema.Boolean) }), HttpApiSchema.NoContent],
      success: Endpoint,
      error: NotFound
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, write)
      .annotate(OpenApi.Summary, "Deliver to it again")
      .annotate(OpenApi.Transform, optionalBody),
    HttpApiEndpoint.post("disable", "/v1/endpoints/:id/disable", {
      params: id,
      payload: [Schema.Struct({ reason: optional(Schema.String) }), HttpApiSchema.NoContent],
      success: Endpoint,
      error: NotFound
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, write)
      .annotate(OpenApi.Summary, "Hold what it should get")
      .annotate(OpenApi.Transform, optionalBody),
    turn("pause", "Let what it should get wait"),
    turn("resume", "Deliver what waits"),
    HttpApiEndpoint.post("rotateSecret", "/v1/endpoints/:id/rotate-secret", {
      params: id,
      payload: [
        Schema.Struct({
          secret: optional(Schema.NonEmptyString),
          /** How long the old one goes on signing beside the new one. Default: a day. */
          overlapMs: optional(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 * 86_400_000 })))
        }),
        HttpApiSchema.NoContent
      ],
      success: Schema.Struct({ secret: Schema.String }),
      error: [NotFound, Unacceptable]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, write)
      .annotate(OpenApi.Summary, "A new secret; the old one signs beside it for a day")
      .annotate(OpenApi.Transform, optionalBody),
    HttpApiEndpoint.post("test", "/v1/endpoints/:id/test", {
      params: id,
      payload: [
        Schema.Struct({ type: optional(Schema.NonEmptyString), data: optional(Schema.Unknown) }),
        HttpApiSchema.NoContent
      ],
      success: Delivery.pipe(HttpApiSchema.status(201)),
      error: [NotFound, Unacceptable]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["deliveries:write"])
      .annotate(OpenApi.Summary, "Send a test announcement to it")
      .annotate(OpenApi.Transform, optionalBody),
    HttpApiEndpoint.post("replay", "/v1/endpoints/:id/replay", {
      params: id,
      payload: Schema.Struct({
        from: Instant,
        to: optional(Instant),
        /** Default: what failed or is held. */
        status: optional(Schema.Array(DeliveryStatus.pick(["delivered", "failed", "held"])))
      }),
      success: Schema.Struct({ data: Schema.Array(Delivery) }).pipe(HttpApiSchema.status(201)),
      error: [NotFound, Unacceptable, Conflict]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["deliveries:write"])
      .annotate(OpenApi.Summary, "Deliver again what it did not get in some time")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(HttpApi.PayloadParseOptions, strict)
  .annotate(OpenApi.Title, "Endpoints")
  .annotate(
    OpenApi.Description,
    "Receivers of announcements, signed after Standard Webhooks and tried until they have them."
  ) {}
