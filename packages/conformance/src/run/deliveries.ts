/** What receivers got is held against what a case expects. Deliveries take their time, so a step waits for them. */
import { match, type Mismatch, nothing } from "../case/match.ts"
import type { Receivers } from "../host/Receivers.ts"
import type { Session } from "./Subject.ts"

export const deliveryMismatches = async (
  expected: Readonly<Record<string, unknown>>,
  receivers: Receivers,
  session: Session,
  limitMs: number,
  moved: boolean
): Promise<ReadonlyArray<Mismatch>> => {
  const unknown = Object.keys(expected).filter((name) => !receivers.names.includes(name))
  if (unknown.length > 0) {
    const known = receivers.names.join(", ") || "none"
    return unknown.map((name) => ({
      path: `deliveries.${name}`,
      expected: `one of the case's receivers: ${known}`,
      got: name
    }))
  }
  const look = () =>
    Object.entries(expected).flatMap(([name, matcher]) => {
      const { requests, previous } = receivers.since(name)
      return match(
        matcher,
        requests,
        previous.map((one) => one ?? nothing),
        `deliveries.${name}`
      )
    })
  const until = performance.now() + limitMs
  // A subject that knows when it is done says so: what should not come has then had its time.
  await session.settle?.(moved ? soonMs : limitMs)
  for (;;) {
    const mismatches = look()
    if (mismatches.length === 0) {
      await pause(settleMs)
      return look()
    }
    if (performance.now() > until) return mismatches
    await pause(20)
  }
}

const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds))

const settleMs = 100
/** Where time passes as the case says, only what is due by then is waited for. */
const soonMs = 500
