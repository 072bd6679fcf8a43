/** What a worker does with what it took, where the process stood still before it could send it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeBell } from "../../src/outbox/Bell.ts"
import type { Claim } from "../../src/outbox/Claims.ts"
import type { Lease } from "../../src/outbox/Leases.ts"
import { modes } from "../../src/outbox/rules.ts"
import { runWorker } from "../../src/outbox/Worker.ts"
import { until } from "./place.ts"

const leaseMs = 200
const takenAfter = (stillMs: number) =>
  Effect.gen(function* () {
    const lease: Lease = { id: "lease", endpointId: "ep", open: new Set() }
    const [sent, released]: [Array<string>, Array<ReadonlyArray<string>>] = [[], []]
    let turns = 0
    yield* Effect.forkScoped(
      runWorker({
        transaction: (effect) => effect,
        recording: (effect) => effect,
        claims: {
          take: () =>
            Effect.sync(() => {
              if (turns++ > 0) return { claims: [], nextAt: null, limited: false }
              Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stillMs)
              return { claims: [claimOf(lease)], nextAt: null, limited: false }
            })
        },
        records: { write: () => Effect.void, acknowledge: null },
        leases: {
          renew: () => Effect.void,
          release: (ended) =>
            Effect.sync(() => {
              released.push([...ended.keys()].map(({ id }) => id))
              return new Set<Lease>()
            })
        },
        leaseMs,
        sender: {
          deliver: ({ id }) => {
            sent.push(id)
            return Promise.resolve({
              _tag: "answer",
              status: 200,
              headers: {},
              body: new Uint8Array(),
              truncated: false,
              durationMs: 1
            })
          }
        },
        bell: makeBell(),
        hear: Effect.never,
        turned: () => {},
        maxInFlight: 10,
        pollMs: 20,
        graceMs: 0
      })
    )
    yield* until(
      "two turns",
      Effect.sync(() => turns > 1)
    )
    return { sent, released }
  })

const claimOf = (lease: Lease) =>
  ({
    id: "delivery",
    webhookId: "delivery",
    number: 1,
    type: "a.b",
    data: "null",
    announcedAt: 0,
    createdAt: 0,
    attempts: 0,
    lease,
    claimedAt: 0,
    failing: false,
    subscriber: { endpoint: { id: "ep", url: "http://127.0.0.1", headers: {} }, rules: modes.standard, secrets: [] }
  }) as unknown as Claim

describe("what was taken", () => {
  it.live("is sent", () =>
    Effect.gen(function* () {
      const { sent, released } = yield* takenAfter(0)
      assert.deepStrictEqual([sent, released], [["delivery"], []])
    })
  )

  it.live("is left to others and let go where the process stood still for as long as a lease lasts", () =>
    Effect.gen(function* () {
      const { sent, released } = yield* takenAfter(leaseMs + 50)
      assert.deepStrictEqual([sent, released], [[], [["lease"]]])
    })
  )
})
