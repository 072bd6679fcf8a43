/** When a delivery is tried again, when it is given up, and when its endpoint is: as data, one set of rules for each mode. */
import type { Answer, NoAnswer } from "../request/Sender.ts"

export interface DeliveryRules {
  /** Tries at most, the first included. */
  readonly attempts: number
  /** Between one try and the next: the first after the first try; the last one repeats. */
  readonly delaysMs: ReadonlyArray<number>
  /** How far a delay is moved at random: 0.2 is up to a fifth, either way. */
  readonly jitter: number
  /** No try is planned later than this after the delivery was made; null: no such end. */
  readonly windowMs: number | null
  /**
   * What is tried again. `any`: whatever is no success; `transient`: no answer, 5xx, 408 and 429. In both, a request
   * that cannot be made at all is final.
   */
  readonly retries: "any" | "transient"
  /** A receiver's `Retry-After` takes the place of the delay, up to this. */
  readonly longestRetryAfterMs: number
  /** For one try as a whole. */
  readonly timeoutMs: number
  /** What `webhook-timestamp` says: when this try is made, or when the delivery was, the same on each try. */
  readonly timestamp: "attempt" | "delivery"
  /** How the body is written: as Standard Webhooks has it, or as Wacht does, keys in order and whole seconds. */
  readonly body: "standard" | "wacht"
  /** What requests call themselves, unless the endpoint's headers say otherwise. Default: the sender's. */
  readonly userAgent?: string
  /** Whether a replay has its original's `webhook-id`, so that receivers take it for a retry. */
  readonly replayKeepsId: boolean
  /** How long a secret that was replaced goes on signing, where nobody says otherwise. */
  readonly overlapMs: number
  /** When an endpoint is disabled, beside a 410, which does so at once. */
  readonly disable:
    /** Only failures for so long, if those before the last one lie at least `spreadMs` apart. */
    | { readonly after: "failing"; readonly forMs: number; readonly spreadMs: number }
    /** So many exhausted deliveries in so long. */
    | { readonly after: "exhausted"; readonly deliveries: number; readonly withinMs: number }
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** The example of Standard Webhooks: ten tries in 75 hours and 35 minutes. Source: Standard Webhooks 1.0.0. */
const standard: DeliveryRules = {
  attempts: 10,
  delaysMs: [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
  jitter: 0.2,
  windowMs: null,
  retries: "any",
  longestRetryAfterMs: day,
  timeoutMs: 15 * second,
  timestamp: "attempt",
  body: "standard",
  replayKeepsId: false,
  overlapMs: day,
  disable: { after: "failing", forMs: 5 * day, spreadMs: day }
}

/** Source: Wacht, Webhooks. */
const wachtDocumented: DeliveryRules = {
  attempts: 32,
  delaysMs: [30 * second, minute, 5 * minute, 15 * minute, 6 * hour],
  jitter: 0,
  windowMs: 7 * day,
  retries: "any",
  longestRetryAfterMs: day,
  timeoutMs: 30 * second,
  timestamp: "delivery",
  body: "wacht",
  userAgent: "Wacht-Webhook/1.0",
  replayKeepsId: true,
  overlapMs: day,
  disable: { after: "exhausted", deliveries: 10, withinMs: day }
}

/** What Wacht's own source does where its document says something else. */
const wachtUpstream: DeliveryRules = { ...wachtDocumented, retries: "transient", replayKeepsId: false, overlapMs: 0 }

export const modes: Readonly<Record<string, DeliveryRules>> = {
  standard,
  "wacht-documented": wachtDocumented,
  "wacht-upstream": wachtUpstream
}

/** What one try comes to. `disable`: why its endpoint must be disabled at once. */
export type Judgement =
  | { readonly _tag: "delivered" }
  | { readonly _tag: "retry"; readonly at: number }
  | {
      readonly _tag: "failed"
      readonly cause: "exhausted" | "final"
      readonly reason: string
      readonly disable?: string
    }

export interface Try {
  /** This one included. */
  readonly attempts: number
  /** When the delivery was made, and when the try ended: epoch milliseconds. */
  readonly createdAt: number
  readonly now: number
  /** From 0 to 1, for the jitter. */
  readonly random: number
}

export const judge = (rules: DeliveryRules, result: Answer | NoAnswer, tried: Try): Judgement => {
  if (isSuccess(result)) return { _tag: "delivered" }
  const what = failureOf(result)
  if (result._tag === "answer" && result.status === 410) {
    const reason = "the receiver answered 410 Gone"
    return { _tag: "failed", cause: "final", reason, disable: reason }
  }
  if (!isRetried(rules, result)) return { _tag: "failed", cause: "final", reason: `${what}; this is not tried again` }
  const exhausted = (why: string): Judgement => ({ _tag: "failed", cause: "exhausted", reason: `${what}; ${why}` })
  if (tried.attempts >= rules.attempts) return exhausted(`that was try ${tried.attempts} of ${rules.attempts}`)
  const at = tried.now + delayOf(rules, result, tried)
  if (rules.windowMs !== null && at > tried.createdAt + rules.windowMs)
    return exhausted(`the next try would come more than ${rules.windowMs / hour} hours after the delivery was made`)
  return { _tag: "retry", at }
}

/** A redirect is no success: it is not followed. */
export const isSuccess = (result: Answer | NoAnswer): boolean =>
  result._tag === "answer" && result.status >= 200 && result.status < 300

export const failureOf = (result: Answer | NoAnswer): string =>
  result._tag === "answer" ? `the receiver answered ${result.status}` : result.message

const isRetried = (rules: DeliveryRules, result: Answer | NoAnswer): boolean => {
  if (result._tag === "failure") return result.reason !== "request"
  return rules.retries === "any" || result.status >= 500 || result.status === 408 || result.status === 429
}

const delayOf = (rules: DeliveryRules, result: Answer | NoAnswer, { attempts, now, random }: Try): number => {
  const asked = result._tag === "answer" ? retryAfterMs(result.headers["retry-after"], now) : null
  if (asked !== null) return Math.min(Math.max(asked, second), rules.longestRetryAfterMs)
  const delay = rules.delaysMs[Math.min(attempts, rules.delaysMs.length) - 1] ?? 0
  return Math.round(delay * (1 + rules.jitter * (2 * random - 1)))
}

/** Seconds, or a date; null for what is neither. */
export const retryAfterMs = (text: string | undefined, now: number): number | null => {
  if (text === undefined) return null
  const trimmed = text.trim()
  if (/^\d{1,12}$/.test(trimmed)) return Number(trimmed) * second
  if (!/^[A-Za-z]{3}/.test(trimmed)) return null
  const at = Date.parse(trimmed)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
