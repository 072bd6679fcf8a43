/**
 * A POST with the `Idempotency-Key` of an earlier one gets the earlier one's answer.
 *
 * A request claims its key before it does anything, and its answer is kept with the claim. A second one that comes
 * meanwhile waits for the first. A claim without an answer, whose request is not under way, was left by a process that
 * died or a client that went away: the next request takes it over, with the same `IdempotentId`, so that what was made
 * the first time is found and not made again. What is under way in this process is known here; a claim names its
 * process, so that those who share a database leave it alone as long as that one lives.
 *
 * Answers that hold a secret are kept as well: the secret lies in the same database in clear anyway, as whoever signs
 * with it needs it, and a client that lost that answer would have an endpoint without its secret.
 */
import { deleteInBatches, makeTransactions, migrate, rowsOf, Whole } from "@tenterhook/sql"
import { Cause, Clock, Context, Deferred, Duration, Effect, Exit, Layer, Option, Schema, type Types } from "effect"
import { HttpServerRespondable, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { type Migrator, SqlClient, type SqlError } from "effect/sql"
import { hash } from "node:crypto"
import { CurrentCaller } from "../api/Authorization.ts"
import { Idempotency } from "../api/Exchange.ts"
import { about, Conflict, InvalidRequest, Unacceptable } from "../api/Problem.ts"
import { Processes } from "../store/Processes.ts"
import { isRequestFault } from "./requestFault.ts"

export interface IdempotencySettings {
  /** How long a second request waits for the first one's end. Default: 30 000. */
  readonly waitMs?: number
}

/**
 * For what a request makes: the same text whenever the request is sent again with its key, and for no other request.
 * Null where there is no key.
 */
export const IdempotentId = Context.Reference<string | null>("@tenterhook/server/http/idempotency/IdempotentId", {
  defaultValue: () => null
})

/** Its table is there: `migrateIdempotency`. */
export const idempotencyLayer = ({ waitMs = 30_000 }: IdempotencySettings = {}): Layer.Layer<
  Idempotency,
  SqlError.SqlError,
  SqlClient.SqlClient | Processes
> =>
  Layer.effect(
    Idempotency,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const processes = yield* Processes
      const clock = yield* Clock.Clock
      // The disk has a claim no later than what its request makes: both are in the same log, in this order.
      const { relaxed } = yield* makeTransactions(sql)
      const underWay = new Map<string, UnderWay>()

      /** What was kept: an answer, or since when the key is this request's. Null: another process is at it. */
      const claim = Effect.fnUntraced(function* ({ place, request }: Asked): Claiming {
        const now = clock.currentTimeMillisUnsafe()
        const row = { place, request, created_at: now, claimed_by: processes.me }
        const mine =
          yield* sql`INSERT INTO idempotency ${sql.insert(row)} ON CONFLICT (place) DO NOTHING RETURNING place`
        if (mine.length > 0) return now
        const [kept] = yield* claimRows(sql`SELECT * FROM idempotency WHERE place = ${place}`)
        // Let go of meanwhile.
        if (kept === undefined) return null
        if (now - kept.created_at >= keptMs) {
          const renewed = {
            request,
            status: null,
            content_type: null,
            body: null,
            created_at: now,
            claimed_by: processes.me
          }
          yield* sql`UPDATE idempotency SET ${sql.update(renewed)} WHERE place = ${place}`
          return now
        }
        if (kept.request !== request) return yield* reused
        if (kept.status !== null) return answerOf(kept)
        const left = yield* sql`UPDATE idempotency SET claimed_by = ${processes.me}
          WHERE place = ${place} AND status IS NULL AND ${processes.free("claimed_by")} RETURNING place`
        return left.length > 0 ? kept.created_at : null
      }, relaxed)

      /** Waits for another process as for another request. */
      const mine = Effect.fnUntraced(function* (asked: Asked) {
        const until = clock.currentTimeMillisUnsafe() + waitMs
        for (;;) {
          const claimed = yield* Effect.catchTag(claim(asked), "SqlError", Effect.die)
          if (claimed !== null) return claimed
          if (clock.currentTimeMillisUnsafe() >= until) return yield* tooLong
          yield* Effect.sleep(lookAgainMs)
        }
      })

      const keep = (place: string, response: HttpServerResponse.HttpServerResponse, body: string) =>
        relaxed(
          sql`UPDATE idempotency SET ${sql.update({
            status: response.status,
            content_type: response.headers["content-type"] ?? null,
            body
          })} WHERE place = ${place}`
        )

      /** What it did by now is not known: the next one with its key goes on from there, also at another process. */
      const leave = (place: string) =>
        relaxed(sql`UPDATE idempotency SET claimed_by = NULL
          WHERE place = ${place} AND status IS NULL AND ${processes.mine("claimed_by")}`)

      const release = (place: string) => relaxed(sql`DELETE FROM idempotency WHERE place = ${place} AND status IS NULL`)

      /** What the request came to goes with its claim; the claim goes where nothing was done. */
      const settle = Effect.fnUntraced(
        function* (place: string, exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>) {
          const response = yield* responseOf(exit)
          if (response === null || response.status >= 500) return yield* leave(place)
          const body = textOf(response)
          if (body === null || undone.has(response.status)) yield* release(place)
          else yield* keep(place, response, body)
        },
        Effect.catch((error) => Effect.logWarning(`an answer is not kept for its idempotency key: ${error.message}`))
      )

      const once = (asked: Asked, work: Work) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const claimed = yield* restore(mine(asked))
            if (typeof claimed !== "number") return claimed
            const id = hashOf(asked.place, asked.request, String(claimed))
            const exit = yield* Effect.exit(restore(Effect.provideService(work, IdempotentId, id)))
            yield* settle(asked.place, exit)
            return yield* exit
          })
        )

      const answered = Effect.fnUntraced(function* (asked: Asked, work: Work) {
        for (;;) {
          const other = underWay.get(asked.place)
          if (other === undefined) {
            const answer = yield* Effect.acquireUseRelease(
              Effect.sync(() => enter(underWay, asked)),
              (mine) => (mine === null ? Effect.succeed(null) : once(asked, work)),
              (mine) => Effect.sync(() => withdraw(underWay, mine))
            )
            if (answer !== null) return answer
          } else if (other.request !== asked.request) return yield* reused
          else {
            const ended = yield* Effect.timeoutOption(Deferred.await(other.ended), Duration.millis(waitMs))
            if (Option.isNone(ended)) return yield* tooLong
          }
        }
      })

      return Idempotency.of((httpEffect) =>
        Effect.withFiber((fiber): Answered => {
          const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
          const key = request.headers["idempotency-key"]
          if (key === undefined) return httpEffect
          if (!visible.test(key)) return Effect.fail(badKey)
          const { keyId } = Context.getUnsafe(fiber.context, CurrentCaller)
          // The route reads the same text again: it is read from the socket once.
          return Effect.flatMap(Effect.orDie(request.text), (body) =>
            answered(
              { place: hashOf(keyId ?? "", key), request: hashOf(request.method, request.url, body) },
              httpEffect as Work
            )
          )
        })
      )
    })
  )

/** Answers are kept for a day at least; gives how many are gone. `before` is in epoch milliseconds. */
export const forgetAnswers = (before: number): Effect.Effect<number, SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    deleteInBatches(sql, { table: "idempotency", key: "place", where: sql`created_at < ${before}` })
  )

const table = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // A claim has no status yet. `place` is the hash of caller and key, `request` that of method, path and body.
  yield* sql`CREATE TABLE idempotency (
    place TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status INTEGER,
    content_type TEXT,
    body TEXT,
    created_at BIGINT NOT NULL
  )`
  yield* sql`CREATE INDEX idempotency_created ON idempotency (created_at)`
})

const claims = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE idempotency ADD COLUMN claimed_by TEXT`
})

const idempotencyMigrations = { "0001_idempotency": table, "0002_claims": claims }

/** Makes or brings up to date what is there. */
export const migrateIdempotency: Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =
  Effect.suspend(() => migrate("server_idempotency_migration", idempotencyMigrations))

const enter = (underWay: Map<string, UnderWay>, { place, request }: Asked) => {
  if (underWay.has(place)) return null
  const mine: UnderWay = { place, request, ended: Deferred.makeUnsafe<void>() }
  underWay.set(place, mine)
  return mine
}

const withdraw = (underWay: Map<string, UnderWay>, mine: UnderWay | null) => {
  if (mine === null) return
  underWay.delete(mine.place)
  Deferred.doneUnsafe(mine.ended, Exit.void)
}

/** Null: it was broken off, or a fault; what it did by then is not known. */
const responseOf = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>) => {
  if (Exit.isSuccess(exit)) return Effect.succeed(exit.value)
  const error = Option.getOrNull(Cause.findErrorOption(exit.cause))
  if (HttpApiError.HttpApiSchemaError.is(error)) return Effect.succeed(isRequestFault(error) ? notBegun : null)
  return HttpServerRespondable.isRespondable(error) ? HttpServerRespondable.toResponse(error) : Effect.succeed(null)
}

/** Null for a stream: it cannot be kept. */
const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string | null => {
  if (body._tag === "Empty") return ""
  return body._tag === "Uint8Array" ? (body.text ?? new TextDecoder().decode(body.body)) : null
}

const answerOf = ({ status, content_type, body }: typeof ClaimRow.Type) => {
  const headers = { "idempotency-replayed": "true" }
  return body === null || body === ""
    ? HttpServerResponse.empty({ status: status!, headers })
    : HttpServerResponse.text(body, {
        status: status!,
        headers,
        ...(content_type === null ? {} : { contentType: content_type })
      })
}

const hashOf = (...parts: ReadonlyArray<string>): string => hash("sha256", JSON.stringify(parts), "hex")

const field = "headers.idempotency-key"
const badKey = new InvalidRequest(about(field, "expected 1 to 255 visible ASCII characters without spaces"))
const reused = Effect.suspend(() =>
  Effect.fail(new Unacceptable(about(field, "expected a new key, got one that was used for another request")))
)
const tooLong = Effect.suspend(() =>
  Effect.fail(new Conflict(about(field, "the first request with this key has not ended yet; ask again later")))
)

/** Nothing was done that a second try would do again, and the next try may well succeed. */
const undone: ReadonlySet<number> = new Set([400, 401, 403, 413, 415, 429])
const notBegun = HttpServerResponse.empty({ status: 400 })
const visible = /^[\x21-\x7e]{1,255}$/
const keptMs = 86_400_000
const lookAgainMs = 200

const ClaimRow = Schema.Struct({
  place: Schema.String,
  request: Schema.String,
  status: Schema.NullOr(Whole),
  content_type: Schema.NullOr(Schema.String),
  body: Schema.NullOr(Schema.String),
  created_at: Whole
})
const claimRows = rowsOf(ClaimRow)

/** Where the claim lies, and which request it is of. */
interface Asked {
  readonly place: string
  readonly request: string
}

interface UnderWay extends Asked {
  readonly ended: Deferred.Deferred<void>
}

type Answered = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Types.unhandled | InvalidRequest | Conflict | Unacceptable
>
type Work = Effect.Effect<HttpServerResponse.HttpServerResponse, never>
type Claiming = Effect.fn.Return<
  number | HttpServerResponse.HttpServerResponse | null,
  Unacceptable | SqlError.SqlError
>
