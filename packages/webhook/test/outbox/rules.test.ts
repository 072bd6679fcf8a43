import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Answer, NoAnswer } from "../../src/request/Sender.ts"
import { type DeliveryRules, judge, modes, retryAfterMs } from "../../src/outbox/rules.ts"

const answer = (status: number, headers: Record<string, string> = {}): Answer => ({
  _tag: "answer",
  status,
  headers,
  body: new Uint8Array(),
  truncated: false,
  durationMs: 1
})
const noAnswer = (reason: NoAnswer["reason"]): NoAnswer => ({ _tag: "failure", reason, message: "no", durationMs: 1 })
const rulesOf = (mode: string): DeliveryRules => modes[mode]!
const start = 1_790_000_000_000
const at = (attempts: number, more: object = {}) => ({ attempts, createdAt: start, now: start, random: 0.5, ...more })

/** The times of all tries, in seconds from the start, where every one fails. */
const timesOf = (mode: string, random = 0.5) => {
  const times = [0]
  for (let attempts = 1, now = start; ; attempts++) {
    const next = judge(rulesOf(mode), answer(500), { attempts, createdAt: start, now, random })
    if (next._tag !== "retry") return { times, end: next }
    now = next.at
    times.push((now - start) / 1000)
  }
}

describe("standard", () => {
  it("is the example of Standard Webhooks: ten tries in 75 h 35 min 5 s", () => {
    const { times, end } = timesOf("standard")
    const hours = (n: number) => n * 3600
    const delays = [5, 300, 1800, hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)]
    assert.deepStrictEqual(
      times.slice(1).map((time, index) => time - times[index]!),
      delays
    )
    assert.deepInclude(end, { _tag: "failed", cause: "exhausted" })
  })

  it("takes everything but success and 410 for something to try again", () => {
    const rules = rulesOf("standard")
    for (const status of [200, 201, 204, 299]) assert.strictEqual(judge(rules, answer(status), at(1))._tag, "delivered")
    for (const status of [301, 302, 307, 400, 401, 403, 404, 422, 429, 500, 503])
      assert.strictEqual(judge(rules, answer(status), at(1))._tag, "retry", `${status}`)
    for (const reason of ["timeout", "connect", "reset", "tls", "unresolved", "protocol", "refused"] as const)
      assert.strictEqual(judge(rules, noAnswer(reason), at(1))._tag, "retry", reason)
    assert.deepInclude(judge(rules, noAnswer("request"), at(1)), { _tag: "failed", cause: "final" })
    assert.deepInclude(judge(rules, answer(410), at(1)), { _tag: "failed", disable: "the receiver answered 410 Gone" })
  })

  it("waits as long as the receiver asks, a day at most", () => {
    const rules = rulesOf("standard")
    const waited = (text: string) => {
      const next = judge(rules, answer(429, { "retry-after": text }), at(1))
      return next._tag === "retry" ? (next.at - start) / 1000 : next
    }
    assert.strictEqual(waited("120"), 120)
    assert.strictEqual(waited("0"), 1)
    assert.strictEqual(waited("999999999"), 86_400)
    assert.strictEqual(waited(new Date(start + 90_000).toUTCString()), 90)
    assert.strictEqual(waited("soon"), 5)
    assert.isNull(retryAfterMs("-5", start))
  })
})

describe("wacht", () => {
  it("tries after 30 s, 1 min, 5 min, 15 min and then every 6 h, within 7 days", () => {
    for (const mode of ["wacht-documented", "wacht-upstream"]) {
      const { times } = timesOf(mode)
      assert.deepStrictEqual(times.slice(0, 7), [0, 30, 90, 390, 1290, 22_890, 44_490])
      assert.isAtMost(times.length, 32)
      assert.isAtMost(times.at(-1)!, 7 * 86_400)
    }
  })

  it("documented: any failure is tried again; upstream: no answer, 5xx, 408 and 429", () => {
    for (const status of [400, 404, 302]) {
      assert.strictEqual(judge(rulesOf("wacht-documented"), answer(status), at(1))._tag, "retry")
      assert.deepInclude(judge(rulesOf("wacht-upstream"), answer(status), at(1)), { _tag: "failed", cause: "final" })
    }
    for (const status of [500, 502, 408, 429])
      assert.strictEqual(judge(rulesOf("wacht-upstream"), answer(status), at(1))._tag, "retry")
    assert.strictEqual(judge(rulesOf("wacht-upstream"), noAnswer("timeout"), at(1))._tag, "retry")
  })
})

const Unit = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

it.prop(
  "a delay stays within its jitter, and tries within the schedule",
  [Unit, Schema.Literals(Object.keys(modes))],
  ([random, mode]) => {
    const { times } = timesOf(mode, random)
    const rules = rulesOf(mode)
    assert.isAtMost(times.length, rules.attempts)
    for (let i = 1; i < times.length; i++) {
      const delay = rules.delaysMs[Math.min(i, rules.delaysMs.length) - 1]!
      const waited = Math.round((times[i]! - times[i - 1]!) * 1000)
      assert.isAtLeast(waited, Math.floor(delay * (1 - rules.jitter)))
      assert.isAtMost(waited, Math.ceil(delay * (1 + rules.jitter)))
    }
  }
)
