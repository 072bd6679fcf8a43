/** What an operator is told of all that is logged: each line can be used, and a database that is away is one matter. */
import { Cause, Effect, Layer, Logger, References } from "effect"
import { SqlClient } from "effect/sql"
import { whyOf } from "../store/StoreError.ts"

export interface OperatorLog {
  /** For everything that logs. */
  readonly layer: Layer.Layer<never>
  /** From then on whatever the database may be to blame for is told once it is known whether it answers. */
  readonly watching: Layer.Layer<never, never, SqlClient.SqlClient>
  /** The server is about to end: what the others make of that is not told any more. */
  readonly leave: () => void
}

/**
 * `place` is where the database is, as an operator knows it; null where it is a file of this machine. `quietMs`: how long
 * after an outage what it may have caused is told in one line, and not one by one.
 */
export const operatorLog = (
  log: (text: string) => void,
  place: string | null,
  quietMs: number = defaultQuietMs
): OperatorLog => {
  let ask: (() => Promise<string | null>) | null = null
  let asking = false
  let away = false
  let leaving = false
  let quietUntil = 0
  let leftOut = { count: 0, last: "" }
  let held: Array<Trouble> = []
  const told = new Map<string, number>()

  const tell = (troubles: ReadonlyArray<Trouble>) => {
    const now = performance.now()
    if (now < quietUntil) return leaveOut(troubles, quietUntil - now)
    for (const { line, every } of troubles) {
      if (now - (told.get(line) ?? -Infinity) < every) continue
      if (every > 0) told.set(line, now)
      log(line)
    }
  }

  const leaveOut = (troubles: ReadonlyArray<Trouble>, leftMs: number) => {
    const last = troubles.at(-1)
    if (last === undefined) return
    if (leftOut.count === 0) setTimeout(tellLeftOut, leftMs).unref()
    leftOut = { count: leftOut.count + troubles.length, last: last.line }
  }

  const tellLeftOut = () => {
    const { count, last } = leftOut
    leftOut = { count: 0, last: "" }
    const what = count === 1 ? last : `${count} lines, the last of them: ${last}`
    log(`left out in the ${quietMs / 1000} s after the database was back, which may have caused it: ${what}`)
  }

  const find = async () => {
    asking = true
    const why = await ask!()
    if (why === null) tell(held.splice(0))
    else await waitFor(why)
    held = []
    asking = false
  }

  const waitFor = async (why: string) => {
    const since = performance.now()
    away = true
    log(`the database does not answer (${place}): ${why}; asked again`)
    while ((await ask!()) !== null) await new Promise((done) => setTimeout(done, askAgainMs).unref())
    away = false
    // What was asked before, and what the servers settle between them, comes after it.
    quietUntil = performance.now() + quietMs
    log(`the database answers again (${place}), after ${((performance.now() - since) / 1000).toFixed(1)} s`)
  }

  const hear = (trouble: Trouble) => {
    if (away) return
    if (ask === null) return tell([trouble])
    held.push(trouble)
    if (!asking) void find()
  }

  const layer = Layer.fresh(
    Logger.layer([
      Logger.make(({ message, cause, fiber }) => {
        const text = [message].flat().map(String).join(" ")
        const annotations = fiber.getRef(References.CurrentLogAnnotations)
        const from = `${annotations["module"]} ${annotations["package"]}`
        if (from.includes("effect/cluster") || clusterWords.has(text)) {
          if (!leaving) hear({ line: clusterLine(text, cause), every: clusterEveryMs })
        } else if (isOfDatabase(cause)) hear({ line: `${text}: ${wordsOf(cause)}`, every: 0 })
        else log(cause.reasons.length === 0 ? text : `${text}: ${wordsOf(cause)}`)
      })
    ])
  )

  const watching = Layer.effectDiscard(
    Effect.gen(function* () {
      if (place === null) return
      const sql = yield* SqlClient.SqlClient
      const asked = sql`SELECT 1`.pipe(
        Effect.timeoutOrElse({ duration: answerMs, orElse: () => Effect.fail(`nothing within ${answerMs / 1000} s`) }),
        Effect.match({ onSuccess: () => null, onFailure: whyOf })
      )
      const run = Effect.runPromiseWith(yield* Effect.context<never>())
      yield* Effect.acquireRelease(
        Effect.sync(() => (ask = () => run(asked))),
        () => Effect.sync(() => (ask = () => Promise.resolve(null)))
      )
    })
  )

  return { layer, watching, leave: () => void (leaving = true) }
}

interface Trouble {
  readonly line: string
  /** Told again after so long at the earliest. */
  readonly every: number
}

/** Effect Cluster's own words are for whoever knows its code. */
const clusterLine = (text: string, cause: Cause.Cause<unknown>) => {
  const line = clusterWords.get(text) ?? `between the servers: ${text}`
  return cause.reasons.length === 0 ? line : `${line}: ${wordsOf(cause)}`
}

const clusterWords = new Map([
  ["No healthy runners available", "none of the servers on this database is reached by the others; this one goes on"],
  ["Shard lock storage is unhealthy", "this server lost its locks in the database; others take its executions over"],
  ["Shard lock storage is still unhealthy", "this server gets no locks in the database yet; it asks again"],
  ["Could not acquire/release shards", "this server could not share out executions with the others; it tries again"],
  ["Could not release shards, retrying", "this server could not hand executions over to the others; it tries again"],
  ["Could not read messages from storage", "this server could not read what it is to do; it asks again"],
  ["Unhandled error in SocketServer", "a connection from another server broke; it connects again"],
  ["Failed to fetch pods from Kubernetes API", "Kubernetes does not tell which servers run; all are taken to"]
])

/** Of what is known what it is, its words; of what nobody foresaw, where it came from. */
const wordsOf = (cause: Cause.Cause<unknown>) =>
  errorsOf(cause).every((error) => tagOf(error) !== null)
    ? [...new Set(errorsOf(cause).map(whyOf))].join("; ")
    : Cause.pretty(cause)

const isOfDatabase = (cause: Cause.Cause<unknown>) =>
  cause.reasons.length > 0 && errorsOf(cause).every((error) => ofDatabase.has(tagOf(error) ?? ""))

const errorsOf = ({ reasons }: Cause.Cause<unknown>): ReadonlyArray<unknown> =>
  reasons.flatMap((reason): ReadonlyArray<unknown> => {
    if (Cause.isFailReason(reason)) return [reason.error]
    return Cause.isDieReason(reason) ? [reason.defect] : []
  })

const tagOf = (error: unknown): string | null =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : null

/** They come of a database that does not answer, and sometimes of another trouble. */
const ofDatabase: ReadonlySet<string> = new Set([
  "SqlError",
  "StoreError",
  "KeysError",
  "OutboxError",
  "PersistenceError",
  "RunnerUnavailable",
  "TimeoutError"
])

const answerMs = 5000
const askAgainMs = 500
const defaultQuietMs = 20_000
const clusterEveryMs = 60_000
