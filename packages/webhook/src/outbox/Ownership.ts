/**
 * Which endpoints are this process's to send to, where several share a database, and how they wake each other on Postgres.
 * Row locks and leases see to it that nothing is sent twice; this spares processes work that is another's.
 */
import { Effect, Latch, Queue, Schema, type Scope } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Bell } from "./Bell.ts"
import { realPause } from "./realPause.ts"

/** To be called after the commit of what made something due. */
export type Wake = (endpointIds: () => Iterable<string>) => void

export interface Ownership {
  readonly owns: (endpointId: string) => boolean
  /** Wakes the worker here, and those of other processes whose endpoints are among them. */
  readonly wake: Wake
  /** Wakes the worker here when others call it. */
  readonly hear: Effect.Effect<never>
}

/** Without `owns` all endpoints are ours, and nobody is called or heard. */
export const makeOwnership = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  bell: Pick<Bell, "ring">,
  owns: ((endpointId: string) => boolean) | undefined
): Effect.fn.Return<Ownership, never, Scope.Scope> {
  if (owns === undefined) return { owns: () => true, wake: bell.ring, hear: Effect.never }
  if (!isListening(sql)) return { owns, wake: bell.ring, hear: Effect.never }

  const called = new Set<string>()
  const calling = Latch.makeUnsafe()
  yield* Effect.gen(function* () {
    yield* calling.await
    calling.closeUnsafe()
    const payload = payloadOf([...called])
    called.clear()
    // Not on the disk: who does not hear it finds what is due by itself.
    yield* Effect.ignoreCause(
      sql`SELECT set_config('synchronous_commit', 'off', true), pg_notify(${channel}, ${payload})`,
      { log: "Debug", message: "outbox: other processes are not told what was announced" }
    )
    yield* realPause(gatherMs)
  }).pipe(Effect.forever, Effect.forkScoped)

  const wake: Wake = (endpointIds) => {
    let own = false
    for (const id of new Set(endpointIds())) {
      if (owns(id)) own = true
      else called.add(id)
    }
    if (own) bell.ring()
    if (called.size > 0) calling.openUnsafe()
  }

  const hear = Effect.gen(function* () {
    const calls = yield* sql.listen(channel)
    // Whatever was said before somebody listened.
    bell.ring()
    while (true) {
      const ids = idsOf((yield* Queue.take(calls)).payload)
      if (ids === null || ids.some(owns)) bell.ring()
    }
  }).pipe(
    Effect.scoped,
    Effect.catchCause((cause) =>
      Effect.logWarning(
        "outbox: it is not heard what other processes announce, only looked for; heard again soon",
        cause
      )
    ),
    Effect.andThen(realPause(againMs)),
    Effect.forever
  )

  return { owns, wake, hear }
})

/** What the client of `@effect/sql-pg` can do beside others; this package does not depend on it. */
interface Listening extends SqlClient.SqlClient {
  readonly listen: (
    channel: string
  ) => Effect.Effect<Queue.Dequeue<{ readonly payload: string }, SqlError.SqlError>, SqlError.SqlError, Scope.Scope>
}

const isListening = (sql: SqlClient.SqlClient): sql is Listening => "~@effect/sql-pg/PgClient" in sql

/** Where they do not fit into one call, everybody looks. */
const payloadOf = (endpointIds: ReadonlyArray<string>) => {
  const text = JSON.stringify(endpointIds)
  return Buffer.byteLength(text) < maxPayload ? text : "null"
}

const idsOf = (payload: string): ReadonlyArray<string> | null => {
  try {
    return decodeIds(JSON.parse(payload))
  } catch {
    return null
  }
}

const decodeIds = Schema.decodeUnknownSync(Schema.NullOr(Schema.Array(Schema.String)))

const channel = "tenterhook_outbox"
/** Postgres's limit. */
const maxPayload = 8000
/** Of several calls within that time one is made: whoever commits a call waits for others that do. */
const gatherMs = 10
const againMs = 1000
