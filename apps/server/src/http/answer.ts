/** Problems as answers, where no route is there to encode them. */
import { Effect } from "effect"
import { HttpServerRespondable, HttpServerResponse } from "effect/http"

/** A problem document with headers beside it. */
export const answer = (
  problem: HttpServerRespondable.Respondable,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(HttpServerRespondable.toResponse(problem), (response) => HttpServerResponse.setHeaders(response, headers))
