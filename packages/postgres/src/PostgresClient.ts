/** The client and its layer. */
import { PgClient } from "@effect/sql-pg"
import { Clock, Duration, Effect, Layer, Option, Redacted, Schema, type Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, SqlError } from "effect/sql"

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=require` where it must be encrypted. */
  readonly url: string
  /** Connections at most. Default: 10. */
  readonly maxConnections?: number
  /** How long it is waited for a database that is not up yet, in milliseconds. Default: 30 000. */
  readonly waitMs?: number
  /** Shown in `pg_stat_activity`. Default: `tenterhook`. */
  readonly name?: string
}

/** The database cannot be used: it is not there, does not let us in, or the address is none. Never tells a password. */
export class NoDatabase extends Schema.TaggedError<NoDatabase>()("NoDatabase", {
  place: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `expected a Postgres database at ${this.place}, ${this.why}`
  }
}

/**
 * A pool of connections, closed with the scope, once the database has answered. A connection that breaks fails what runs
 * on it; the next one that is needed is a new one. A transaction that Postgres ended because of another one (a deadlock)
 * is run again: what is within one can be.
 */
export const make = Effect.fnUntraced(function* (
  options: PostgresOptions
): Effect.fn.Return<SqlClient.SqlClient, NoDatabase, Scope.Scope | Reactivity.Reactivity> {
  const place = yield* placeOf(options.url)
  const client = yield* PgClient.make({
    url: Redacted.make(options.url),
    applicationName: options.name ?? "tenterhook",
    maxConnections: options.maxConnections ?? 10,
    connectTimeout: connectMs,
    keepAlive: keepAliveMs,
    startupParameters: {
      statement_timeout: String(statementMs),
      // Whoever froze within a transaction must not hold up the others for longer than it takes to be thought gone.
      idle_in_transaction_session_timeout: String(frozenMs)
    }
  }).pipe(
    // Whatever clock the others go by: connections take real time.
    Effect.provideService(Clock.Clock, realClock),
    Effect.mapError((error) => new NoDatabase({ place, why: `but ${whyOf(error)}` }))
  )
  yield* waitFor(client, place, options.waitMs ?? 30_000)
  return Object.assign(client, { withTransaction: retried(client) })
})

export const layer = (options: PostgresOptions): Layer.Layer<SqlClient.SqlClient, NoDatabase> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))

/** Whether a text is the URL of such a database. */
export const isUrl = (text: string): boolean => /^postgres(?:ql)?:\/\//.test(text)

const waitFor = Effect.fnUntraced(function* (client: SqlClient.SqlClient, place: string, waitMs: number) {
  const until = realClock.currentTimeMillisUnsafe() + waitMs
  while (true) {
    const exit = yield* Effect.result(client`SELECT 1`)
    if (exit._tag === "Success") return
    const why = whyOf(exit.failure)
    if (!mayComeUp(exit.failure)) return yield* new NoDatabase({ place, why: `but ${why}` })
    if (realClock.currentTimeMillisUnsafe() >= until)
      return yield* new NoDatabase({
        place,
        why: `which did not come up within ${Math.round(waitMs / 1000)} s: ${why}`
      })
    yield* realClock.sleep(Duration.millis(againMs))
  }
})

/** Nobody answers, or it says that it starts, ends or is full. Whether a password is right will not change. */
export const mayComeUp = ({ reason }: SqlError.SqlError) =>
  reason._tag === "ConnectionError" || ["57P01", "57P02", "57P03", "53300"].includes(stateOf(reason.cause) ?? "")

const retried = (client: SqlClient.SqlClient): SqlClient.SqlClient["withTransaction"] => {
  const once = client.withTransaction
  return <R, E, A>(effect: Effect.Effect<A, E, R>) => {
    const attempt = (tries: number): Effect.Effect<A, E | SqlError.SqlError, R> =>
      Effect.catchIf(
        once(effect),
        (error): error is E | SqlError.SqlError => tries > 0 && isOfAnother(error),
        // At a time of its own, so that two do not meet again.
        () => Effect.andThen(realClock.sleep(Duration.millis(1 + Math.random() * againMs)), attempt(tries - 1))
      )
    return Effect.flatMap(Effect.serviceOption(client.transactionService), (outer) =>
      Option.isSome(outer) ? once(effect) : attempt(maxTries)
    )
  }
}

/** Also where whoever asked has wrapped it: what was ended must not go on. */
const isOfAnother = (error: unknown): boolean =>
  SqlError.isSqlError(error) && (error.reason._tag === "DeadlockError" || error.reason._tag === "SerializationError")

const placeOf = (url: string) =>
  Effect.try({
    try: () => {
      const { host, pathname, protocol } = new URL(url)
      if (!isUrl(`${protocol}//`)) throw new Error("another protocol")
      return `${host}${pathname}`
    },
    catch: () =>
      new NoDatabase({ place: "the URL", why: "but it is not of the form postgres://user:password@host:port/database" })
  })

/** The innermost message: those around it say no more than that it failed. */
const whyOf = (error: SqlError.SqlError): string => {
  let found: unknown = error
  while (found instanceof Error && found.cause !== undefined) found = found.cause
  if (found instanceof AggregateError && found.message === "") return found.errors.map(String).join("; ")
  return found instanceof Error ? found.message : String((found as { message?: unknown })?.message ?? found)
}

const stateOf = (cause: unknown): string | null => {
  for (let each: any = cause; each !== undefined && each !== null; each = each.cause)
    if (typeof each.code === "string") return each.code
  return null
}

const realClock = Clock.Clock.defaultValue()
const connectMs = 5000
const keepAliveMs = 5000
const statementMs = 30_000
const frozenMs = 10_000
const againMs = 100
const maxTries = 5
