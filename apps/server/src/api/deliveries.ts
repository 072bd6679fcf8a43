/** Deliveries: what became of each announcement at each endpoint. */
import { DeliveryStatus } from "@tenterhook/webhook/outbox"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { Exchange, Idempotency } from "./Exchange.ts"
import { Instant, pageOf, pageQuery, timeQuery } from "./page.ts"
import { NotFound, Unacceptable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const optional = Schema.optionalKey
const nullOr = Schema.NullOr

const record = {
  id: Schema.String,
  /** The `webhook-id` of its requests: the same on each try. */
  webhookId: Schema.String,
  endpointId: Schema.String,
  announcementId: Schema.String,
  type: Schema.String,
  status: DeliveryStatus,
  /** Why it failed or is held. */
  reason: nullOr(Schema.String),
  /** The delivery that it repeats. */
  replayOf: nullOr(Schema.String),
  createdAt: Instant,
  nextAt: nullOr(Instant),
  endedAt: nullOr(Instant),
  attempts: Schema.Int
}

export const Delivery = Schema.Struct(record).annotate({ identifier: "Delivery" })
export type Delivery = typeof Delivery.Type

const Attempt = Schema.Struct({
  number: Schema.Int,
  at: Instant,
  durationMs: Schema.Finite,
  status: nullOr(Schema.Int),
  error: nullOr(Schema.String),
  headers: Schema.Record(Schema.String, Schema.String),
  /** The first 2 KiB of the answer. */
  body: Schema.String,
  truncated: Schema.Boolean
}).annotate({ identifier: "Attempt" })

const DeliveryRecord = Schema.Struct({
  ...record,
  /** What was announced; null once it was forgotten. */
  data: Schema.Unknown,
  tries: Schema.Array(Attempt)
}).annotate({
  identifier: "DeliveryRecord"
})

const id = { id: Schema.NonEmptyString }

export class DeliveriesApi extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("list", "/v1/deliveries", {
      query: {
        ...pageQuery,
        ...timeQuery,
        endpointId: optional(Schema.NonEmptyString),
        announcementId: optional(Schema.NonEmptyString),
        status: optional(DeliveryStatus),
        type: optional(Schema.NonEmptyString)
      },
      success: pageOf(Delivery)
    })
      .annotate(RequiredScopes, ["deliveries:read"])
      .annotate(OpenApi.Summary, "Deliveries"),
    HttpApiEndpoint.get("get", "/v1/deliveries/:id", { params: id, success: DeliveryRecord, error: NotFound })
      .annotate(RequiredScopes, ["deliveries:read"])
      .annotate(OpenApi.Summary, "One delivery, with its tries"),
    HttpApiEndpoint.get("attempts", "/v1/deliveries/:id/attempts", {
      params: id,
      success: Schema.Struct({ data: Schema.Array(Attempt) }),
      error: NotFound
    })
      .annotate(RequiredScopes, ["deliveries:read"])
      .annotate(OpenApi.Summary, "The tries of a delivery"),
    HttpApiEndpoint.post("replay", "/v1/deliveries/:id/replay", {
      params: id,
      success: Delivery.pipe(HttpApiSchema.status(201)),
      error: [NotFound, Unacceptable]
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["deliveries:write"])
      .annotate(OpenApi.Summary, "Deliver it again, as a new delivery that names this one")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Deliveries")
  .annotate(OpenApi.Description, "At least once, with the same `webhook-id` on each try.") {}
