/** Faults of the server: the log gets the cause, the client a name to ask for it by. */
import { PostgresClient } from "@tenterhook/postgres"
import { Cause, Effect } from "effect"
import { ClusterError } from "effect/cluster"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { SqlError } from "effect/sql"
import { about, InternalError, Unacceptable, Unavailable } from "../api/Problem.ts"
import { HoldsNul, StoreError } from "../store/StoreError.ts"
import { answer } from "./answer.ts"
import { noteFault } from "./requestLog.ts"

/** What the client gets for a cause that nobody foresaw. Never anything of the cause. */
export const faultAnswer = (
  cause: Cause.Cause<unknown>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const { method, url } = request
    const nul = cause.reasons.map(faultOf).find((error) => error instanceof HoldsNul)
    if (nul !== undefined) return answer(new Unacceptable(about("payload", nul.message)))
    const instance = `urn:uuid:${crypto.randomUUID()}`
    noteFault(request, instance)
    const problem = cause.reasons.some(isOfDatabase)
      ? new Unavailable({ ...about("server", "the database did not answer; ask again"), instance })
      : new InternalError({ detail: `a fault of the server; its log tells more of ${instance}`, instance })
    return Effect.andThen(Effect.logError(`${method} ${pathOf(url)} failed, ${instance}`, cause), answer(problem))
  })

const isOfDatabase = (reason: Cause.Reason<unknown>): boolean => {
  const fault = faultOf(reason)
  // The cluster's storage has its own error around the database's.
  const error = fault instanceof ClusterError.PersistenceError ? fault.cause : fault
  return (
    error instanceof StoreError ||
    (SqlError.isSqlError(error) && (passing.has(error.reason._tag) || PostgresClient.mayComeUp(error)))
  )
}

const faultOf = (reason: Cause.Reason<unknown>) =>
  Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : null

/** A statement that is wrong or refused is our fault; these pass. */
const passing: ReadonlySet<string> = new Set([
  "ConnectionError",
  "DeadlockError",
  "LockTimeoutError",
  "SerializationError",
  "StatementTimeoutError"
])

/** A query may hold what does not belong into a log. */
const pathOf = (url: string): string => url.split("?", 1)[0]!
