/** What dialects announce, delivered at least once: kept in SQL until every endpoint that wants it has it. */
import { makeTransactions, rowsOf, Whole } from "@tenterhook/sql"
import { Clock, Context, Effect, Layer, Schema, type Scope } from "effect"
import { type Migrator, SqlClient, type SqlError, type Statement } from "effect/sql"
import type { Sender } from "../request/Sender.ts"
import { type Announcer, makeAnnouncer } from "./Announcer.ts"
import { makeBell } from "./Bell.ts"
import { makeClaims } from "./Claims.ts"
import { type Deliveries, makeDeliveries } from "./Deliveries.ts"
import { type Endpoints, makeEndpoints } from "./Endpoints.ts"
import { type Feed, makeFeed } from "./Feed.ts"
import { defaultLeaseMs, makeLeases, noneOf } from "./Leases.ts"
import { type OutboxError, stored } from "./OutboxError.ts"
import { makeOwnership } from "./Ownership.ts"
import { makeRecords } from "./Records.ts"
import { makeRetention, type Retention } from "./Retention.ts"
import { type DeliveryRules, modes } from "./rules.ts"
import { migrate } from "./tables.ts"
import { runWorker } from "./Worker.ts"

export interface OutboxSettings {
  /** Sends and checks: `openSender` of `@tenterhook/webhook`. Not closed with the outbox. */
  readonly sender: Sender
  /** Rules of your own, by name, beside the built-in ones. */
  readonly rules?: Readonly<Record<string, DeliveryRules>>
  /** Of endpoints that name none. Default: `standard`. */
  readonly mode?: string
  /**
   * How long others leave alone what a worker took that no longer says that it lives: in milliseconds. Default: 10 000.
   */
  readonly leaseMs?: number
  /** Requests of one worker at the same time at most. Default: 256. */
  readonly maxInFlight?: number
  /** How long it takes at most to see what other processes announced. Default: 500. */
  readonly pollMs?: number
  /**
   * Where processes share a Postgres: whether it is this one that sends to an endpoint. It is asked each time and may
   * change; nothing depends on its being right, as whatever has been due for 5 seconds and nobody is sending is sent by
   * any of them. Who announces for another's endpoint wakes that one by NOTIFY; a worker holds a connection to hear it.
   * Default: each sends to all.
   */
  readonly owns?: (endpointId: string) => boolean
  /** How long a worker that ends waits for its requests. Default: 1000. */
  readonly graceMs?: number
}

/** Whether all was delivered that could be in the time, and how much is left for later. */
export interface Drained {
  readonly empty: boolean
  /** Tries that are due or planned. */
  readonly pending: number
}

export interface OutboxStats {
  readonly pending: number
  /** Of them, being sent now. */
  readonly inFlight: number
  readonly delivered: number
  readonly failed: number
  readonly held: number
  /** How long the oldest delivery that is due has been so; 0 where none is. Paused endpoints do not count. */
  readonly oldestDueMs: number
}

export class Outbox extends Context.Service<
  Outbox,
  {
    readonly announce: Announcer["announce"]
    readonly endpoints: Omit<
      Endpoints,
      "subscribers" | "subscribersHeld" | "subscribersOf" | "remembered" | "heldAlone" | "changed"
    >
    readonly deliveries: Deliveries
    readonly listen: Feed["listen"]
    readonly forget: Retention["forget"]
    readonly keep: Retention["keep"]
    /** Delivers what is due until its scope closes; a process needs one. Several processes may share the database. */
    readonly worker: Effect.Effect<never, never, Scope.Scope>
    /** Waits while something may still be delivered within the time. Some worker has to run. */
    readonly drain: (timeoutMs: number) => Effect.Effect<Drained, OutboxError>
    readonly stats: Effect.Effect<OutboxStats, OutboxError>
  }
>()("@tenterhook/webhook/outbox/Outbox") {
  /** Makes the tables where they are not there. */
  static readonly layer = (
    settings: OutboxSettings
  ): Layer.Layer<Outbox, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
    Layer.effect(Outbox, make(settings))

  /** The same, with a worker that runs as long as the layer lives. */
  static readonly layerWithWorker = (settings: OutboxSettings) =>
    Layer.effectDiscard(Effect.flatMap(Outbox, ({ worker }) => Effect.forkScoped(Effect.scoped(worker)))).pipe(
      Layer.provideMerge(Outbox.layer(settings))
    )
}

const make = Effect.fnUntraced(function* (settings: OutboxSettings) {
  yield* migrate
  const sql = yield* SqlClient.SqlClient
  const transactions = yield* makeTransactions(sql)
  const { sender } = settings
  const feed = makeFeed(sql)
  const bell = makeBell()
  const progress = makeBell()
  const rules = { ...modes, ...settings.rules }
  const defaultMode = settings.mode ?? "standard"
  if (!Object.hasOwn(rules, defaultMode))
    return yield* Effect.die(
      new Error(`outbox: expected mode to be one of ${Object.keys(rules).join(", ")}, got "${defaultMode}"`)
    )

  const { owns, wake, hear } = yield* makeOwnership(sql, bell, settings.owns)
  const endpoints = makeEndpoints({ sql, sender, rules, defaultMode, feed, wake })
  const announcer = makeAnnouncer(sql, transactions.durable, endpoints, feed, wake)
  const deliveries = makeDeliveries(sql, endpoints, announcer, feed, sender, wake)
  const leaseMs = settings.leaseMs ?? defaultLeaseMs
  const leases = makeLeases(sql, leaseMs)
  const claims = makeClaims(sql, endpoints, leases, owns)
  const records = makeRecords(sql, endpoints, announcer, feed, leases)
  const retention = makeRetention(sql, transactions.relaxed, endpoints)

  const pendingWhere = (more: Statement.Fragment) => sql`FROM outbox_delivery d
    JOIN outbox_endpoint e ON e.id = d.endpoint_id WHERE d.status = 'pending' AND e.status = 'enabled' ${more}`

  const drain = Effect.fn("Outbox.drain")(function* (timeoutMs: number) {
    const until = (yield* Clock.currentTimeMillis) + timeoutMs
    while (true) {
      const soon = yield* sql`SELECT d.id ${pendingWhere(sql`AND d.next_at <= ${until} LIMIT 1`)}`
      const now = yield* Clock.currentTimeMillis
      if (soon.length > 0 && now < until) {
        yield* progress.wait(Math.min(until, now + 100))
        continue
      }
      const [row] = yield* numberRows(sql`SELECT count(*) AS n ${pendingWhere(sql.literal(""))}`)
      const pending = row!.n ?? 0
      return { empty: pending === 0, pending }
    }
  }, stored("count the deliveries"))

  const stats = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const counts = yield* countRows(sql`SELECT status, count(*) AS n FROM outbox_delivery GROUP BY status`)
    const of = (status: string) => counts.find((row) => row.status === status)?.n ?? 0
    const taken = yield* leases.all
    // A lease may still have what was delivered a moment ago.
    const [waiting] = yield* numberRows(sql`SELECT count(*) AS n FROM outbox_delivery d
      WHERE d.status = 'pending' AND ${noneOf(sql, taken)}`)
    const [oldest] = yield* numberRows(sql`SELECT min(d.next_at) AS n
      FROM outbox_delivery d JOIN outbox_endpoint e ON e.id = d.endpoint_id
      WHERE d.status = 'pending' AND e.status = 'enabled' AND ${noneOf(sql, taken)}`)
    return {
      pending: of("pending"),
      inFlight: Math.max(0, of("pending") - (waiting!.n ?? 0)),
      delivered: of("delivered"),
      failed: of("failed"),
      held: of("held"),
      oldestDueMs: oldest!.n === null ? 0 : Math.max(0, now - oldest!.n)
    }
  }).pipe(stored("count the deliveries"))

  return Outbox.of({
    announce: announcer.announce,
    endpoints,
    deliveries,
    listen: feed.listen,
    forget: retention.forget,
    keep: retention.keep,
    drain,
    stats,
    worker: runWorker({
      transaction: transactions.relaxed,
      // On SQLite both take turns on one connection, and what comes last would hold up what is announced.
      recording: sql.onDialectOrElse({ orElse: () => transactions.relaxed, pg: () => transactions.durable }),
      claims,
      records,
      leases,
      leaseMs,
      sender,
      bell,
      hear,
      turned: progress.ring,
      maxInFlight: settings.maxInFlight ?? 256,
      pollMs: settings.pollMs ?? 500,
      graceMs: settings.graceMs ?? 1000
    })
  })
})

const countRows = rowsOf(Schema.Struct({ status: Schema.String, n: Whole }))
const numberRows = rowsOf(Schema.Struct({ n: Schema.NullOr(Whole) }))
