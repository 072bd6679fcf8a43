/** Endpoints: what is checked when they are saved, and what processes remember of them. */
import { rowsOf } from "@tenterhook/sql"
import { Clock, Effect, Result, Schema } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { randomUUID } from "node:crypto"
import { headersProblem } from "../request/headers.ts"
import type { Sender } from "../request/Sender.ts"
import { generateSecret } from "../signature/Key.ts"
import { signatureOf } from "../signature/sign.ts"
import {
  type Endpoint,
  endpointOf,
  EndpointRow,
  type EndpointSettings,
  type Secret,
  signingSecrets,
  type Subscriber,
  subscriberOf
} from "./Endpoint.ts"
import { rulesProblem } from "./EndpointRules.ts"
import { eventFilterProblem } from "./eventFilter.ts"
import type { Feed } from "./Feed.ts"
import { mintId } from "./Id.ts"
import { type OutboxError, stored, unacceptable, unknown } from "./OutboxError.ts"
import type { Wake } from "./Ownership.ts"
import { compileFilter } from "./payloadFilter.ts"
import type { DeliveryRules } from "./rules.ts"

export interface Endpoints {
  /** Checks the URL as sending would, and makes a secret where none is given. The only time that it is shown. */
  readonly create: (
    settings: EndpointSettings & { readonly id?: string; readonly secret?: string }
  ) => Effect.Effect<Endpoint & { readonly secret: string }, OutboxError>
  readonly get: (id: string) => Effect.Effect<Endpoint, OutboxError>
  readonly list: Effect.Effect<ReadonlyArray<Endpoint>, OutboxError>
  /** Changes what is given, and leaves the rest. */
  readonly update: (id: string, settings: Partial<EndpointSettings>) => Effect.Effect<Endpoint, OutboxError>
  /** What is held stays so, unless `deliverHeld`; it can be replayed. Also forgets how often the endpoint failed. */
  readonly enable: (id: string, options?: { readonly deliverHeld?: boolean }) => Effect.Effect<Endpoint, OutboxError>
  /** What is pending becomes held. */
  readonly disable: (id: string, reason?: string) => Effect.Effect<Endpoint, OutboxError>
  readonly pause: (id: string) => Effect.Effect<Endpoint, OutboxError>
  readonly resume: (id: string) => Effect.Effect<Endpoint, OutboxError>
  /** The old secret goes on signing beside the new one for `overlapMs`; by default, for a day. */
  readonly rotateSecret: (
    id: string,
    options?: { readonly secret?: string; readonly overlapMs?: number }
  ) => Effect.Effect<{ readonly secret: string }, OutboxError>
  /** Those that sign now, the newest first. */
  readonly secrets: (id: string) => Effect.Effect<ReadonlyArray<string>, OutboxError>
  /** With its deliveries. */
  readonly remove: (id: string) => Effect.Effect<void, OutboxError>
  /** All of them as announcing and sending need them; read again when one was changed, by whatever process. */
  readonly subscribers: Effect.Effect<ReadonlyMap<string, Subscriber>, SqlError.SqlError>
  /** The same, for whoever has just read the revision that the database has. */
  readonly subscribersOf: (revision: string) => Effect.Effect<ReadonlyMap<string, Subscriber>, SqlError.SqlError>
  /** What was read last, and of which revision that is: for a statement that asks for it. */
  readonly remembered: () => { readonly revision: string; readonly subscribers: ReadonlyMap<string, Subscriber> }
  /** The same, and none is changed before the transaction ends: what is written for one holds when it is there. */
  readonly subscribersHeld: Effect.Effect<ReadonlyMap<string, Subscriber>, SqlError.SqlError>
  /** Within a transaction: nobody announces, replays or changes one until it is over. */
  readonly heldAlone: Effect.Effect<void, SqlError.SqlError>
  /** To be called in the transaction that changed one. */
  readonly changed: Effect.Effect<void, SqlError.SqlError>
}

export interface EndpointsOptions {
  readonly sql: SqlClient.SqlClient
  readonly sender: Pick<Sender, "check">
  readonly rules: Readonly<Record<string, DeliveryRules>>
  readonly defaultMode: string
  readonly feed: Feed
  /** After a change that may have made something due. */
  readonly wake: Wake
}

export const makeEndpoints = ({ sql, sender, rules, defaultMode, feed, wake }: EndpointsOptions): Endpoints => {
  const changed = Effect.suspend(() =>
    Effect.asVoid(sql`UPDATE outbox_revision SET revision = ${randomUUID()} WHERE one = 1`)
  )
  const rowOf = Effect.fnUntraced(function* (id: string) {
    const [row] = yield* endpointRows(sql`SELECT * FROM outbox_endpoint WHERE id = ${id}`)
    return row ?? (yield* unknown("endpoint", id))
  })
  const change = (id: string, set: Record<string, unknown>) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      yield* sql`UPDATE outbox_endpoint SET ${sql.update({ ...set, updated_at: now })} WHERE id = ${id}`
      yield* changed
      return endpointOf(yield* rowOf(id))
    })

  let remembered: ReadonlyMap<string, Subscriber> = new Map()
  let revision = ""
  const subscribersOf = Effect.fnUntraced(function* (now: string) {
    if (now === revision) return remembered
    const rows = yield* endpointRows(sql`SELECT * FROM outbox_endpoint ORDER BY created_at, id`)
    remembered = new Map(rows.map((row) => [row.id, subscriberOf(row, rules)]))
    revision = now
    return remembered
  })
  const subscribersWith = (lock: Statement.Fragment) =>
    Effect.flatMap(revisionRows(sql`SELECT revision FROM outbox_revision WHERE one = 1 ${lock}`), ([now]) =>
      subscribersOf(now!.revision)
    )

  const subscribers = subscribersWith(sql.literal(""))
  const subscribersHeld = subscribersWith(sql.literal(sql.onDialectOrElse({ orElse: () => "", pg: () => "FOR SHARE" })))

  const check = Effect.fnUntraced(function* (settings: Partial<EndpointSettings>) {
    const problem = problemOf(settings, rules)
    if (problem !== null) return yield* unacceptable("the endpoint", problem)
    if (settings.url === undefined) return
    const refusal = yield* Effect.promise(() => sender.check(settings.url!))
    if (refusal !== null) return yield* unacceptable("the endpoint's url", refusal.message)
  })

  return {
    subscribers,
    subscribersHeld,
    subscribersOf,
    heldAlone: sql.onDialectOrElse({
      orElse: () => Effect.void,
      pg: () => Effect.asVoid(sql`SELECT one FROM outbox_revision WHERE one = 1 FOR UPDATE`)
    }),
    remembered: () => ({ revision, subscribers: remembered }),
    changed,
    create: Effect.fn("Endpoints.create")(function* ({ id: given, secret: chosen, ...settings }) {
      yield* check(settings)
      const secret = yield* usableSecret(chosen)
      const now = yield* Clock.currentTimeMillis
      const id = given ?? mintId("ep", now)
      if (!/^[\w-]{1,100}$/.test(id))
        return yield* unacceptable("the endpoint's id", "expected up to 100 letters, digits, - and _")
      const saved = yield* Effect.gen(function* () {
        const made = yield* sql`INSERT INTO outbox_endpoint ${sql.insert({
          ...columnsOf({ description: "", events: ["*"], filter: null, headers: {}, ...settings }),
          id,
          secrets: JSON.stringify([{ secret, until: null }]),
          rate_per_second: settings.ratePerSecond ?? null,
          concurrency: settings.concurrency ?? 10,
          fifo: settings.fifo === true ? 1 : 0,
          mode: settings.mode ?? defaultMode,
          status: "enabled",
          created_at: now,
          updated_at: now,
          rate_free_at: 0
        })} ON CONFLICT (id) DO NOTHING RETURNING id`
        if (made.length === 0) return yield* unacceptable("the endpoint's id", `there is an endpoint ${id} already`)
        yield* changed
        return endpointOf(yield* rowOf(id))
      }).pipe(sql.withTransaction, stored("save the endpoint"))
      return { ...saved, secret }
    }),
    get: (id) => Effect.map(rowOf(id), endpointOf).pipe(stored("read the endpoint")),
    list: Effect.map(endpointRows(sql`SELECT * FROM outbox_endpoint ORDER BY created_at, id`), (rows) =>
      rows.map(endpointOf)
    ).pipe(stored("read the endpoints")),
    update: Effect.fn("Endpoints.update")(function* (id, settings) {
      yield* check(settings)
      return yield* Effect.gen(function* () {
        yield* rowOf(id)
        const changed = yield* change(id, columnsOf(settings))
        // What is announced from now on is told by the endpoint, what was is told here.
        if (settings.fifo !== undefined)
          yield* sql`UPDATE outbox_delivery SET fifo = ${settings.fifo ? 1 : 0}
            WHERE endpoint_id = ${id} AND status IN ('pending', 'held')`
        return changed
      }).pipe(sql.withTransaction, stored("save the endpoint"))
    }),
    enable: Effect.fn("Endpoints.enable")(function* (id, options = {}) {
      return yield* Effect.gen(function* () {
        yield* rowOf(id)
        const now = yield* Clock.currentTimeMillis
        if (options.deliverHeld === true)
          yield* feed.follow(
            (
              returning
            ) => sql`UPDATE outbox_delivery SET status = 'pending', cause = NULL, reason = NULL, next_at = ${now}
              WHERE endpoint_id = ${id} AND status = 'held' ${returning}`
          )
        yield* sql.afterCommit(Effect.sync(() => wake(() => [id])))
        return yield* change(id, { status: "enabled", reason: null, failing_since: null, failed_at: null })
      }).pipe(sql.withTransaction, stored("enable the endpoint"))
    }),
    disable: Effect.fn("Endpoints.disable")(function* (id, reason = "disabled by hand") {
      return yield* Effect.gen(function* () {
        yield* rowOf(id)
        yield* hold(sql, feed, id, reason)
        return yield* change(id, { status: "disabled", reason })
      }).pipe(sql.withTransaction, stored("disable the endpoint"))
    }),
    pause: Effect.fn("Endpoints.pause")(function* (id) {
      return yield* Effect.gen(function* () {
        const { status } = yield* rowOf(id)
        if (status === "disabled")
          return yield* unacceptable("the endpoint", "it is disabled; there is nothing to pause")
        return yield* change(id, { status: "paused" })
      }).pipe(sql.withTransaction, stored("pause the endpoint"))
    }),
    resume: Effect.fn("Endpoints.resume")(function* (id) {
      return yield* Effect.gen(function* () {
        const { status } = yield* rowOf(id)
        if (status === "disabled") return yield* unacceptable("the endpoint", "it is disabled, not paused; enable it")
        yield* sql.afterCommit(Effect.sync(() => wake(() => [id])))
        return yield* change(id, { status: "enabled" })
      }).pipe(sql.withTransaction, stored("resume the endpoint"))
    }),
    rotateSecret: Effect.fn("Endpoints.rotateSecret")(function* (id, options = {}) {
      const secret = yield* usableSecret(options.secret)
      return yield* Effect.gen(function* () {
        const row = yield* rowOf(id)
        const now = yield* Clock.currentTimeMillis
        const overlapMs = options.overlapMs ?? subscriberOf(row, rules).rules.overlapMs
        const old = row.secrets
          .map(({ secret, until }): Secret => ({ secret, until: until ?? now + overlapMs }))
          .filter(({ secret: one, until }) => until! > now && one !== secret)
        yield* change(id, { secrets: JSON.stringify([{ secret, until: null }, ...old]) })
        return { secret }
      }).pipe(sql.withTransaction, stored("rotate the secret"))
    }),
    secrets: (id) =>
      Effect.zipWith(rowOf(id), Clock.currentTimeMillis, (row, now) => signingSecrets(row.secrets, now)).pipe(
        stored("read the secrets")
      ),
    remove: Effect.fn("Endpoints.remove")(function* (id) {
      yield* Effect.gen(function* () {
        // Whoever records or announces is waited for, so that nothing comes after what is deleted.
        const whole = sql.literal(sql.onDialectOrElse({ orElse: () => "", pg: () => "FOR UPDATE" }))
        const found = yield* sql`SELECT id FROM outbox_endpoint WHERE id = ${id} ${whole}`
        if (found.length === 0) return yield* unknown("endpoint", id)
        yield* changed
        const its = sql`SELECT d.id FROM outbox_delivery d WHERE d.endpoint_id = ${id}`
        yield* sql`DELETE FROM outbox_attempt WHERE delivery_id IN (${its})`
        yield* sql`DELETE FROM outbox_delivery WHERE endpoint_id = ${id}`
        yield* sql`DELETE FROM outbox_lease WHERE endpoint_id = ${id}`
        yield* sql`DELETE FROM outbox_endpoint WHERE id = ${id}`
      }).pipe(sql.withTransaction, stored("remove the endpoint"))
    })
  }
}

/** Makes what an endpoint still has to get into what it will not get for now. */
export const hold = (sql: SqlClient.SqlClient, feed: Feed, endpointId: string, reason: string) =>
  feed.follow(
    (returning) => sql`UPDATE outbox_delivery
      SET status = 'held', next_at = NULL, reason = ${`the endpoint is disabled: ${reason}`}
      WHERE endpoint_id = ${endpointId} AND status = 'pending' ${returning}`
  )

/** What can be said without asking anybody. */
const problemOf = (
  settings: Partial<EndpointSettings>,
  rules: Readonly<Record<string, DeliveryRules>>
): string | null => {
  const { events, filter, headers, ratePerSecond, concurrency, mode, rules: own } = settings
  const wrongEvent = events === undefined ? null : eventFilterProblem(events)
  if (wrongEvent !== null) return `events: ${wrongEvent}`
  const compiled = filter === undefined || filter === null ? null : compileFilter(filter)
  if (typeof compiled === "string") return compiled
  const wrongHeader = headers === undefined ? null : headersProblem(headers)
  if (wrongHeader !== null) return `headers: ${wrongHeader}`
  if (ratePerSecond !== undefined && ratePerSecond !== null && !(ratePerSecond > 0 && ratePerSecond <= 1_000_000))
    return `ratePerSecond: expected a number above 0, got ${ratePerSecond}`
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0))
    return `concurrency: expected a whole number from 1, got ${concurrency}`
  if (mode !== undefined && !Object.hasOwn(rules, mode))
    return `mode: expected one of ${Object.keys(rules).join(", ")}, got ${JSON.stringify(mode)}`
  return own === undefined || own === null ? null : rulesProblem(own)
}

/** Signing once tells whether it can sign. */
const usableSecret = (given: string | undefined): Effect.Effect<string, OutboxError> => {
  if (given === undefined) return Effect.sync(generateSecret)
  const tried = Result.try(() => signatureOf("msg_1", 0, "", given))
  return Result.isSuccess(tried)
    ? Effect.succeed(given)
    : Effect.fail(unacceptable("the endpoint's secret", String((tried.failure as Error).message)))
}

const columnsOf = (settings: Partial<EndpointSettings>): Record<string, unknown> => {
  const columns: Record<string, unknown> = {}
  for (const [key, toColumn] of Object.entries(columnNames)) {
    const value = settings[key as keyof EndpointSettings]
    if (value !== undefined) Object.assign(columns, toColumn(value))
  }
  return columns
}

const columnNames: Readonly<Record<keyof EndpointSettings, (value: unknown) => Record<string, unknown>>> = {
  url: (url) => ({ url }),
  description: (description) => ({ description }),
  events: (events) => ({ events: JSON.stringify(events) }),
  filter: (filter) => ({ filter: filter === null ? null : JSON.stringify(filter) }),
  headers: (headers) => ({ headers: JSON.stringify(headers) }),
  ratePerSecond: (rate_per_second) => ({ rate_per_second }),
  concurrency: (concurrency) => ({ concurrency }),
  fifo: (fifo) => ({ fifo: fifo === true ? 1 : 0 }),
  mode: (mode) => ({ mode }),
  rules: (rules) => ({ rules: rules === null ? null : JSON.stringify(rules) })
}

const endpointRows = rowsOf(EndpointRow)
const revisionRows = rowsOf(Schema.Struct({ revision: Schema.String }))
