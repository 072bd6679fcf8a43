/**
 * Sends what is due. One loop: a turn writes what has ended and takes what is due, in one transaction, but for what Postgres
 * is told at once; between turns requests run as plain promises.
 */
import type { Transaction } from "@tenterhook/sql"
import { Clock, Effect, type Scope } from "effect"
import type { Sender } from "../request/Sender.ts"
import type { Bell } from "./Bell.ts"
import { bodyOf } from "./body.ts"
import type { Claim, Claimed, makeClaims } from "./Claims.ts"
import { signingSecrets } from "./Endpoint.ts"
import type { Lease, Leases } from "./Leases.ts"
import type { Ended, makeRecords } from "./Records.ts"
import { realPause } from "./realPause.ts"
import { isSuccess } from "./rules.ts"

export interface WorkerOptions {
  readonly transaction: Transaction
  /** Where something has ended. */
  readonly recording: Transaction
  readonly claims: ReturnType<typeof makeClaims>
  readonly records: ReturnType<typeof makeRecords>
  readonly leases: Pick<Leases, "renew">
  readonly leaseMs: number
  readonly sender: Pick<Sender, "deliver">
  /** Rung when something may be due. */
  readonly bell: Bell
  /** Rings it when other processes call. */
  readonly hear: Effect.Effect<never>
  /** Called after each turn that changed something. */
  readonly turned: () => void
  /** Requests at the same time at most, over all endpoints. */
  readonly maxInFlight: number
  /** How long it takes at most to see what other processes announced. */
  readonly pollMs: number
  /** How long requests that run when the worker ends may take to end. */
  readonly graceMs: number
}

/** Runs until its scope closes. A database that fails is asked again; nothing that ended is forgotten meanwhile. */
export const runWorker = Effect.fnUntraced(function* (
  options: WorkerOptions
): Effect.fn.Return<never, never, Scope.Scope> {
  const { transaction, recording, claims, records, sender, bell } = options
  const running = new Map<Claim, Promise<void>>()
  let ended: Array<Ended> = []

  const send = (claim: Claim) => {
    const { endpoint, rules, secrets } = claim.subscriber
    const at = rules.timestamp === "attempt" ? claim.claimedAt : claim.createdAt
    const sent = sender
      .deliver({
        url: endpoint.url,
        id: claim.webhookId,
        body: bodyOf(rules.body, claim),
        secrets: signingSecrets(secrets, claim.claimedAt),
        timestamp: Math.floor(at / 1000),
        headers: endpoint.headers,
        timeoutMs: rules.timeoutMs,
        ...(rules.userAgent === undefined ? {} : { userAgent: rules.userAgent })
      })
      .then((result) => {
        running.delete(claim)
        ended.push({ claim, result })
        bell.nudge()
      })
    running.set(claim, sent)
    claim.lease.open.add(claim.number)
  }

  /** Of tries that run here, or whose end is not written yet. */
  const mine = () => new Set<Lease>([...running.keys(), ...ended.map(({ claim }) => claim)].map(({ lease }) => lease))

  const turn = Effect.fnUntraced(function* (asked: boolean) {
    const all = ended
    let done: ReadonlyArray<Ended> = all
    ended = []
    const now = yield* Clock.currentTimeMillis
    const claimed = yield* Effect.gen(function* () {
      if (all.length > 0) done = yield* records.acknowledge(all, now)
      // What failed has a time for its next try, which has to be known.
      const look = asked || done.some(({ result }) => !isSuccess(result))
      if (done.length === 0 && !look) return null
      return yield* Effect.gen(function* () {
        if (done.length > 0) yield* records.write(done, now)
        return look ? yield* claims.take(options.maxInFlight - running.size, now, mine()) : null
      }).pipe(done.length > 0 ? recording : transaction)
    }).pipe(Effect.onError(() => Effect.sync(() => void (ended = [...done, ...ended]))))
    for (const { claim } of done) claim.lease.open.delete(claim.number)
    for (const claim of claimed?.claims ?? []) send(claim)
    if (all.length > 0) options.turned()
    return claimed
  })

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (running.size > 0) yield* Effect.promise(() => settled([...running.values()], options.graceMs))
      if (ended.length > 0) yield* Effect.ignoreCause(turn(false))
    })
  )

  yield* Effect.suspend(() => (mine().size > 0 ? transaction(options.leases.renew(mine())) : Effect.void)).pipe(
    Effect.catchCause((cause) => Effect.logWarning("outbox: the database does not hear that this worker lives", cause)),
    Effect.andThen(realPause(options.leaseMs / renewals)),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.forkScoped(options.hear)

  let known: Claimed = { claims: [], nextAt: null, limited: true }
  let look = true
  while (true) {
    const claimed = yield* Effect.uninterruptible(turn(look)).pipe(
      Effect.catchCause((cause) =>
        Effect.as(
          Effect.andThen(
            Effect.logWarning("outbox: the database failed, and is asked again", cause),
            Effect.sleep(500)
          ),
          null
        )
      )
    )
    if (claimed !== null) known = claimed
    const now = yield* Clock.currentTimeMillis
    const waking = yield* bell.wait(Math.min(known.nextAt ?? Infinity, now + options.pollMs))
    look = waking !== "nudge" || known.limited
    // Where more is on its way, what has just come is written together.
    if (running.size > 1) yield* Effect.yieldNow
  }
})

/** Not on Effect's clock: what is waited for is real. */
const settled = (all: ReadonlyArray<Promise<void>>, graceMs: number) => {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<void>((done) => void (timer = setTimeout(done, graceMs)))
  return Promise.race([Promise.all(all), late]).finally(() => clearTimeout(timer))
}

/** How often a lease is renewed before it would run out. */
const renewals = 3
