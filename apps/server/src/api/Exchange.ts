/** What every route shares beside its key: how a request that does not fit is told, and requests that are sent again. */
import { HttpApiMiddleware } from "effect/http-api"
import type { CurrentCaller } from "./Authorization.ts"
import {
  Conflict,
  InternalError,
  InvalidRequest,
  TooLarge,
  Unacceptable,
  Unavailable,
  UnsupportedMedia
} from "./Problem.ts"

export class Exchange extends HttpApiMiddleware.Service<Exchange>()("@tenterhook/server/api/Exchange", {
  error: [InvalidRequest, TooLarge, UnsupportedMedia, InternalError, Unavailable]
}) {}

/** A POST with the `Idempotency-Key` of an earlier one gets the earlier one's answer. */
export class Idempotency extends HttpApiMiddleware.Service<Idempotency, { requires: CurrentCaller }>()(
  "@tenterhook/server/api/Idempotency",
  { error: [InvalidRequest, Conflict, Unacceptable] }
) {}
