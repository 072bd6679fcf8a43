/** Who gets what: a receiver's URL and how deliveries to it are made. */
import { Flag, Whole } from "@tenterhook/sql"
import { Schema } from "effect"
import { EndpointRules } from "./EndpointRules.ts"
import { compileFilter, type Matches } from "./payloadFilter.ts"
import { matchesEvent } from "./eventFilter.ts"
import { type DeliveryRules, modes } from "./rules.ts"

/**
 * `disabled`: what it should get is kept as `held`. `paused`: what it should get waits, and is delivered when it is
 * resumed.
 */
export const EndpointStatus = Schema.Literals(["enabled", "disabled", "paused"])
export type EndpointStatus = typeof EndpointStatus.Type

const Headers = Schema.Record(Schema.String, Schema.String)
const Filter = Schema.Record(Schema.String, Schema.Unknown)

/** What is saved; secrets are not part of it. Times are epoch milliseconds. */
export interface Endpoint {
  readonly id: string
  readonly url: string
  readonly description: string
  readonly events: ReadonlyArray<string>
  readonly filter: Readonly<Record<string, unknown>> | null
  readonly headers: Readonly<Record<string, string>>
  readonly ratePerSecond: number | null
  readonly concurrency: number
  readonly fifo: boolean
  readonly mode: string
  readonly rules: EndpointRules | null
  readonly status: EndpointStatus
  /** Why it is disabled. */
  readonly reason: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** What a person gives. Only the URL is needed. */
export interface EndpointSettings {
  readonly url: string
  readonly description?: string
  /** Types of announcements: exact, a beginning (`agent.*`), or `*`. Default: all but those about endpoints themselves. */
  readonly events?: ReadonlyArray<string>
  /** By what an announcement says: `{ "status": "failed" }`. Default: all. */
  readonly filter?: Readonly<Record<string, unknown>> | null
  /** Added to each request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Tries per second at most, counted over all processes. Default: as fast as it goes. */
  readonly ratePerSecond?: number | null
  /** Tries at the same time at most, counted over all processes. Default: 10. */
  readonly concurrency?: number
  /** One delivery after the other, in the order of the announcements: one that fails holds up those behind it. Default: false. */
  readonly fifo?: boolean
  /** The rules for its deliveries: `standard`, `wacht-documented`, `wacht-upstream`, or one of yours. */
  readonly mode?: string
  /** What differs from the mode's rules, such as `{ delaysMs: [1000, 5000] }`. */
  readonly rules?: EndpointRules | null
}

/** `until` is when a replaced secret stops signing; null for the one in use. */
export interface Secret {
  readonly secret: string
  readonly until: number | null
}

const Secrets = Schema.Array(Schema.Struct({ secret: Schema.String, until: Schema.NullOr(Schema.Number) }))

export const EndpointRow = Schema.Struct({
  id: Schema.String,
  url: Schema.String,
  description: Schema.String,
  events: Schema.fromJsonString(Schema.Array(Schema.String)),
  filter: Schema.NullOr(Schema.fromJsonString(Filter)),
  headers: Schema.fromJsonString(Headers),
  secrets: Schema.fromJsonString(Secrets),
  rate_per_second: Schema.NullOr(Whole),
  concurrency: Whole,
  fifo: Flag,
  mode: Schema.String,
  rules: Schema.NullOr(Schema.fromJsonString(EndpointRules)),
  status: EndpointStatus,
  reason: Schema.NullOr(Schema.String),
  created_at: Whole,
  updated_at: Whole
})
export type EndpointRow = typeof EndpointRow.Type

export const endpointOf = (row: EndpointRow): Endpoint => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: row.events,
  filter: row.filter,
  headers: row.headers,
  ratePerSecond: row.rate_per_second,
  concurrency: row.concurrency,
  fifo: row.fifo,
  mode: row.mode,
  rules: row.rules,
  status: row.status,
  reason: row.reason,
  createdAt: row.created_at,
  updatedAt: row.updated_at
})

/** An endpoint as announcing and sending need it, made once for each change. */
export interface Subscriber {
  readonly endpoint: Endpoint
  readonly secrets: ReadonlyArray<Secret>
  readonly rules: DeliveryRules
  readonly wants: (announced: { readonly type: string; readonly data: unknown }) => boolean
}

export const subscriberOf = (row: EndpointRow, known: Readonly<Record<string, DeliveryRules>>): Subscriber => {
  const endpoint = endpointOf(row)
  const compiled = row.filter === null ? null : compileFilter(row.filter)
  const fits: Matches | null = typeof compiled === "string" ? () => false : compiled
  return {
    endpoint,
    secrets: row.secrets,
    rules: { ...(known[row.mode] ?? modes["standard"]!), ...row.rules },
    // Data are looked at only where a filter asks for them.
    wants: (one) => matchesEvent(endpoint.events, one.type) && (fits === null || fits(one.data))
  }
}

/** Those that sign now, the newest first. */
export const signingSecrets = (secrets: ReadonlyArray<Secret>, now: number): ReadonlyArray<string> =>
  secrets.filter(({ until }) => until === null || until > now).map(({ secret }) => secret)
