/** What a worker does with what it took, and with what ends at the same time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Answer } from "../../src/request/Sender.ts"
import { makeBell } from "../../src/outbox/Bell.ts"
import type { Claim } from "../../src/outbox/Claims.ts"
import type { Lease } from "../../src/outbox/Leases.ts"
import { modes } from "../../src/outbox/rules.ts"
import { runWorker, type WorkerOptions } from "../../src/outbox/Worker.ts"
import { until } from "./place.ts"

/** With nobody else, and a database that does what it is asked. */
const working = (options: Pick<WorkerOptions, "claims" | "records" | "leases" | "leaseMs" | "sender">) =>
  runWorker({
    ...options,
    transaction: (effect) => effect,
    recording: (effect) => effect,
    bell: makeBell(),
    hear: Effect.never,
    turned: () => {},
    maxInFlight: 10,
    pollMs: 20,
    graceMs: 0
  })

const leaseMs = 200
const takenAfter = (stillMs: number) =>
  Effect.gen(function* () {
    const lease: Lease = { id: "lease", endpointId: "ep", open: new Set() }
    const [sent, released]: [Array<string>, Array<ReadonlyArray<string>>] = [[], []]
    let turns = 0
    yield* Effect.forkScoped(
      working({
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
            return Promise.resolve(answer(200))
          }
        }
      })
    )
    yield* until(
      "two turns",
      Effect.sync(() => turns > 1)
    )
    return { sent, released }
  })

const claimOf = (lease: Lease, number = 1) =>
  ({
    id: "delivery",
    webhookId: number === 1 ? "delivery" : "failing",
    number,
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

const answer = (status: number): Answer => ({
  _tag: "answer",
  status,
  headers: {},
  body: new Uint8Array(),
  truncated: false,
  durationMs: 1
})

it.live("a failure that ends while another is acknowledged is recorded before their lease is let go", () =>
  Effect.gen(function* () {
    const lease: Lease = { id: "lease", endpointId: "ep", open: new Set() }
    const answers = [Promise.withResolvers<Answer>(), Promise.withResolvers<Answer>()] as const
    const did: Array<string> = []
    let turns = 0
    yield* Effect.forkScoped(
      working({
        claims: {
          take: () =>
            Effect.gen(function* () {
              const claims = turns++ === 0 ? [claimOf(lease, 1), claimOf(lease, 2)] : []
              // Both end within one turn, so that the next one has both.
              if (turns === 2) {
                answers[0].resolve(answer(200))
                answers[1].resolve(answer(500))
                yield* Effect.promise(() => new Promise((done) => setTimeout(done, 50)))
              }
              return { claims, nextAt: null, limited: false }
            })
        },
        records: {
          write: (all) => Effect.sync(() => void did.push(`write ${all.map(({ claim }) => claim.number).join()}`)),
          acknowledge: () => Effect.sync(() => void did.push("acknowledge"))
        },
        leases: {
          renew: () => Effect.void,
          release: () => Effect.sync(() => (did.push("release"), new Set<Lease>()))
        },
        leaseMs: 10_000,
        sender: { deliver: ({ id }) => answers[id === "failing" ? 1 : 0].promise }
      })
    )
    yield* until(
      "the failure is recorded",
      Effect.sync(() => did.includes("write 2"))
    )
    assert.deepStrictEqual(did, ["acknowledge", "write 2"])
  })
)

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
