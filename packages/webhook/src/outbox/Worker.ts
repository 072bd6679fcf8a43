/**
 * Sends what is due. One loop: a turn writes what has ended and takes what is due, in one transaction; between turns
 * requests run as plain promises. On Postgres what was delivered is written beside it, as soon as it is known: until then
 * a process that is killed leaves it to be sent again.
 */
import type { Transaction } from "@tenterhook/sql"
import { Clock, Effect, Latch, type Scope } from "effect"
import type { SqlError } from "effect/sql"
import type { Sender } from "../request/Sender.ts"
import type { Bell } from "./Bell.ts"
import { bodyOf } from "./body.ts"
import type { Claim, Claimed, makeClaims } from "./Claims.ts"
import { signingSecrets } from "./Endpoint.ts"
import type { Lease, Leases } from "./Leases.ts"
import { type Ended, isPlain, type makeRecords } from "./Records.ts"
import { realPause } from "./realPause.ts"
import { isSuccess } from "./rules.ts"

export interface WorkerOptions {
  readonly transaction: Transaction
  /** Where something has ended. */
  readonly recording: Transaction
  readonly claims: ReturnType<typeof makeClaims>
  readonly records: ReturnType<typeof makeRecords>
  readonly leases: Pick<Leases, "renew" | "release">
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
  /** Those with tries that run here or whose end is not written yet, or that the database still has. */
  const mine = new Set<Lease>()
  /** Those of which the database has more than is open. */
  const behind = new Set<Lease>()
  let delivered: Array<Ended> = []
  let ended: Array<Ended> = []
  const answered = Latch.makeUnsafe()

  const open = ({ claim: { lease, number } }: Pick<Ended, "claim">) => {
    lease.open.add(number)
    mine.add(lease)
  }
  const close = ({ claim: { lease, number } }: Ended) => void lease.open.delete(number)

  const end = (one: Ended) => {
    running.delete(one.claim)
    if (records.acknowledge === null || !isPlain(one)) {
      ended.push(one)
      return bell.nudge()
    }
    delivered.push(one)
    answered.openUnsafe()
  }

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
      .then((result) => end({ claim, result }))
    running.set(claim, sent)
    open({ claim })
  }

  const turn = Effect.fnUntraced(function* (asked: boolean) {
    const done = ended
    // Those of what has ended are let go with its record, which asks whether they are still ours.
    const ending = new Set(done.map(({ claim }) => claim.lease))
    const over = [...behind].filter((lease) => !ending.has(lease))
    ended = []
    behind.clear()
    done.forEach(close)
    // What failed has a time for its next try, which has to be known.
    const look = asked || done.some(({ result }) => !isSuccess(result))
    if (done.length === 0 && over.length === 0 && !look) return null
    const now = yield* Clock.currentTimeMillis
    const since = performance.now()
    const claimed = yield* Effect.gen(function* () {
      if (over.length > 0) yield* options.leases.release(new Map(over.map((lease) => [lease, new Set()])))
      if (done.length > 0) yield* records.write(done, now)
      return look ? yield* claims.take(options.maxInFlight - running.size, now, mine) : null
    }).pipe(
      done.length > 0 ? recording : transaction,
      Effect.onError(() =>
        Effect.sync(() => {
          done.forEach(open)
          ended = [...done, ...ended]
          for (const lease of [...over, ...ending]) behind.add(lease)
        })
      )
    )
    for (const lease of [...over, ...ending]) if (lease.open.size === 0 && !behind.has(lease)) mine.delete(lease)
    if (done.length > 0) options.turned()
    if (claimed === null) return null
    // A process that stood still meanwhile has no lease any more: others send it.
    if (performance.now() - since < options.leaseMs) claimed.claims.forEach(send)
    else {
      for (const { lease } of claimed.claims) behind.add(lease)
      bell.ring()
    }
    return claimed
  })

  const acknowledge = (write: NonNullable<typeof records.acknowledge>) =>
    Effect.gen(function* () {
      answered.closeUnsafe()
      const all = delivered
      // Another lane has it.
      if (all.length === 0) return
      delivered = []
      yield* Effect.onError(write(all), () =>
        Effect.sync(() => {
          delivered = [...all, ...delivered]
          answered.openUnsafe()
        })
      )
      for (const one of all) {
        close(one)
        behind.add(one.claim.lease)
      }
      bell.nudge()
      options.turned()
    })

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      if (running.size > 0) yield* Effect.promise(() => settled([...running.values()], options.graceMs))
      ended = [...delivered, ...ended]
      if (ended.length > 0 || behind.size > 0) yield* Effect.ignoreCause(turn(false))
    })
  )

  yield* Effect.suspend(() => (mine.size > 0 ? transaction(options.leases.renew(mine)) : Effect.void)).pipe(
    Effect.catchCause((cause) => Effect.logWarning("outbox: the database does not hear that this worker lives", cause)),
    Effect.andThen(realPause(options.leaseMs / renewals)),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.forkScoped(options.hear)
  if (records.acknowledge !== null) {
    const acknowledging = askedAgain(Effect.uninterruptible(acknowledge(records.acknowledge)))
    const lane = Effect.forever(Effect.andThen(answered.await, acknowledging))
    // While one waits for the disk, the next is written.
    for (let n = 0; n < lanes; n++) yield* Effect.forkScoped(lane)
  }

  let known: Claimed = { claims: [], nextAt: null, limited: true }
  let look = true
  while (true) {
    const claimed = yield* askedAgain(Effect.uninterruptible(turn(look)))
    if (claimed !== null && claimed !== undefined) known = claimed
    const now = yield* Clock.currentTimeMillis
    const waking = yield* bell.wait(Math.min(known.nextAt ?? Infinity, now + options.pollMs))
    look = waking !== "nudge" || known.limited
    // Where more is on its way, what has just come is written together.
    if (running.size > 1) yield* Effect.yieldNow
  }
})

const askedAgain = <A>(asking: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A | void> =>
  Effect.catchCause(asking, (cause) =>
    Effect.andThen(Effect.logWarning("outbox: the database failed, and is asked again", cause), Effect.sleep(500))
  )

/** Not on Effect's clock: what is waited for is real. */
const settled = (all: ReadonlyArray<Promise<void>>, graceMs: number) => {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<void>((done) => void (timer = setTimeout(done, graceMs)))
  return Promise.race([Promise.all(all), late]).finally(() => clearTimeout(timer))
}

const lanes = 2
/** How often a lease is renewed before it would run out. */
const renewals = 3
