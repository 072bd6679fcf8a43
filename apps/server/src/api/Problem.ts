/** Errors on the wire: RFC 9457 problem documents that name the field. */
import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"

/** One thing that is wrong, and where. */
export const ProblemEntry = Schema.Struct({
  /** A path as `payload.context.sessionId`, `query.limit` or `headers.authorization`; in a hook config, the path there. */
  field: Schema.String,
  message: Schema.String,
  /** The status again, where Wacht's API has it. */
  code: Schema.optionalKey(Schema.Int),
  /** Of a hook config: the file as it was uploaded, and the place in it, counted from 1. */
  file: Schema.optionalKey(Schema.NullOr(Schema.String)),
  line: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  column: Schema.optionalKey(Schema.NullOr(Schema.Int))
}).annotate({ identifier: "ProblemEntry" })
export type ProblemEntry = typeof ProblemEntry.Type

const errors = { errors: Schema.Array(ProblemEntry) }
const type = <const Name extends string>(name: Name) => `urn:tenterhook:problem:${name}` as const

/** The request does not fit its description. */
export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()(
  "InvalidRequest",
  { type: type("invalid-request"), status: 400, title: "The request does not fit" },
  errors
) {}

/** No key, or one that is unknown or revoked. */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()(
  "Unauthorized",
  { type: type("unauthorized"), status: 401, title: "A key is needed" },
  errors
) {}

/** The key lacks a scope. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  { type: type("forbidden"), status: 403, title: "The key lacks a scope" },
  { ...errors, missing: Schema.Array(Schema.String) }
) {}

/** Nothing is there, or nothing of this id. */
export class NotFound extends HttpApiError.Problem<NotFound>()(
  "NotFound",
  { type: type("not-found"), status: 404, title: "Not found" },
  errors
) {}

/** The path exists, the method does not. */
export class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()(
  "MethodNotAllowed",
  { type: type("method-not-allowed"), status: 405, title: "The method is not allowed" },
  { ...errors, allowed: Schema.Array(Schema.String) }
) {}

/** It cannot be done in the state that the thing is in. */
export class Conflict extends HttpApiError.Problem<Conflict>()(
  "Conflict",
  { type: type("conflict"), status: 409, title: "Not in this state" },
  errors
) {}

/** The body is larger than the server takes. */
export class TooLarge extends HttpApiError.Problem<TooLarge>()(
  "TooLarge",
  { type: type("too-large"), status: 413, title: "The body is too large" },
  { ...errors, limitBytes: Schema.Int }
) {}

/** The body is not JSON by its content type. */
export class UnsupportedMedia extends HttpApiError.Problem<UnsupportedMedia>()(
  "UnsupportedMedia",
  { type: type("unsupported-media"), status: 415, title: "The body is not JSON" },
  errors
) {}

/** The request fits, but what it holds cannot be taken: a hook config, a URL, an idempotency key of another request. */
export class Unacceptable extends HttpApiError.Problem<Unacceptable>()(
  "Unacceptable",
  { type: type("unacceptable"), status: 422, title: "It cannot be taken as it is" },
  errors
) {}

/** Too many requests of one key. `Retry-After` says when to come again. */
export class TooManyRequests extends HttpApiError.Problem<TooManyRequests>()(
  "TooManyRequests",
  { type: type("too-many-requests"), status: 429, title: "Too many requests" },
  { ...errors, retryAfterSeconds: Schema.Int }
) {}

/** A fault of the server. Its log has more, under the same instance. */
export class InternalError extends HttpApiError.Problem<InternalError>()("InternalError", {
  type: type("internal"),
  status: 500,
  title: "A fault of the server"
}) {}

/** The server is about to end, or its database does not answer. */
export class Unavailable extends HttpApiError.Problem<Unavailable>()(
  "Unavailable",
  { type: type("unavailable"), status: 503, title: "Not available now" },
  errors
) {}

/** One field, one sentence: the usual case. */
export const about = (field: string, message: string) => ({ detail: message, errors: [{ field, message }] })
