/** What became of an announcement at one endpoint. */
import { Flag, Whole } from "@tenterhook/sql"
import { Schema } from "effect"

/**
 * `pending`: to be tried, now or at `nextAt`; `delivered`; `failed`: given up, and `reason` says why; `held`: never or
 * no longer tried, because its endpoint is disabled; it can be replayed.
 */
export const DeliveryStatus = Schema.Literals(["pending", "delivered", "failed", "held"])
export type DeliveryStatus = typeof DeliveryStatus.Type

/** Times are epoch milliseconds. */
export interface Delivery {
  readonly id: string
  /** Deliveries are numbered as they are made: for paging. */
  readonly sequence: number
  /** The same on each try; its own id, except that some modes give a replay its original's. */
  readonly webhookId: string
  readonly endpointId: string
  readonly announcementId: string
  readonly type: string
  readonly status: DeliveryStatus
  /** Why it failed or is held. */
  readonly reason: string | null
  /** The delivery that this one repeats. */
  readonly replayOf: string | null
  readonly createdAt: number
  /** When it is tried next; null when it is not. */
  readonly nextAt: number | null
  readonly endedAt: number | null
  readonly attempts: number
}

/** One try: an answer with a status, or an error. */
export interface Attempt {
  readonly number: number
  readonly at: number
  readonly durationMs: number
  readonly status: number | null
  readonly error: string | null
  readonly headers: Readonly<Record<string, string>>
  /** The first 2 KiB of the answer. */
  readonly body: string
  readonly truncated: boolean
}

/** All that is known of one. */
export interface DeliveryRecord extends Delivery {
  /** What was announced; null too once it was forgotten. */
  readonly data: unknown
  /** When the data was forgotten; null while it is there. */
  readonly forgottenAt: number | null
  readonly tries: ReadonlyArray<Attempt>
}

export const DeliveryRow = Schema.Struct({
  seq: Whole,
  id: Schema.String,
  webhook_id: Schema.String,
  endpoint_id: Schema.String,
  announcement_id: Schema.String,
  type: Schema.String,
  status: DeliveryStatus,
  reason: Schema.NullOr(Schema.String),
  replay_of: Schema.NullOr(Schema.String),
  created_at: Whole,
  next_at: Schema.NullOr(Whole),
  ended_at: Schema.NullOr(Whole),
  attempts: Whole,
  forgotten_at: Schema.NullOr(Whole)
})

export const deliveryOf = (row: typeof DeliveryRow.Type): Delivery => ({
  id: row.id,
  sequence: row.seq,
  webhookId: row.webhook_id,
  endpointId: row.endpoint_id,
  announcementId: row.announcement_id,
  type: row.type,
  status: row.status,
  reason: row.reason,
  replayOf: row.replay_of,
  createdAt: row.created_at,
  nextAt: row.next_at,
  endedAt: row.ended_at,
  attempts: row.attempts
})

export const AttemptRow = Schema.Struct({
  delivery_id: Schema.String,
  number: Whole,
  at: Whole,
  duration_ms: Whole,
  status: Schema.NullOr(Whole),
  error: Schema.NullOr(Schema.String),
  headers: Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)),
  body: Schema.String,
  truncated: Flag
})

export const attemptOf = (row: typeof AttemptRow.Type): Attempt => ({
  number: row.number,
  at: row.at,
  durationMs: row.duration_ms,
  status: row.status,
  error: row.error,
  headers: row.headers,
  body: row.body,
  truncated: row.truncated
})
