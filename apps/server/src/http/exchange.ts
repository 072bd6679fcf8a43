/** What all routes share: a request that does not fit is told field by field, and one that comes too late is sent away. */
import { duplicateKey, duplicateKeyText } from "@tenterhook/core"
import { Cause, Context, Effect, Layer } from "effect"
import { HttpServerError, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { type HttpApiEndpoint, HttpApiError } from "effect/http-api"
import { Exchange } from "../api/Exchange.ts"
import { about, InvalidRequest, TooLarge, Unavailable, UnsupportedMedia } from "../api/Problem.ts"
import { RequiredScopes } from "../api/Scope.ts"
import { answer } from "./answer.ts"
import { isTooDeep, maxJsonDepth } from "./jsonDepth.ts"
import { invalidRequest, isRequestFault } from "./requestFault.ts"

export interface ExchangeSettings {
  readonly maxBodyBytes: number
  /** The server is about to end: what is under way goes on, what comes now goes elsewhere. Health is told all the same. */
  readonly isDraining: () => boolean
}

export const exchangeLayer = ({ maxBodyBytes, isDraining }: ExchangeSettings): Layer.Layer<Exchange> =>
  Layer.succeed(Exchange, (httpEffect, { endpoint }) => {
    const checked = hasBody(endpoint) ? Effect.andThen(soundBody, httpEffect) : httpEffect
    const told = checked.pipe(
      Effect.flatMap((response) => (response.status === 415 ? notJson(response) : Effect.succeed(response))),
      Effect.catchCause((cause) => toldOf(cause, maxBodyBytes))
    )
    if (Context.get(endpoint.annotations, RequiredScopes) === null) return told
    return Effect.suspend(() => (isDraining() ? leaving : told))
  })

/** The failure as a problem where the request is to blame. Whatever else it is goes on as it is, to the front door. */
const toldOf = <E>(cause: Cause.Cause<E>, maxBodyBytes: number): Told<E> => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : null
    if (HttpApiError.HttpApiSchemaError.is(error) && isRequestFault(error)) {
      return Effect.flatMap(invalidRequest(error), Effect.fail)
    }
    if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RequestParseError") {
      return error.reason.reason === "BodyTooLarge" ? Effect.fail(tooLarge(maxBodyBytes)) : Effect.fail(unreadable)
    }
  }
  return Effect.failCause(cause)
}

export const tooLarge = (limitBytes: number) =>
  new TooLarge({ ...about("payload", `expected a body of at most ${limitBytes} bytes`), limitBytes })

/** What parsing hides: nesting that breaks whoever walks over it later, and a key whose first value is lost. */
const soundBody = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
  Effect.flatMap(Effect.orDie(request.text), (text) => {
    if (isTooDeep(text)) return Effect.fail(tooDeep)
    const found = duplicateKey(text)
    if (found === undefined) return Effect.void
    const { key, path, first, second } = found
    const place = `${second.line}:${second.column}`
    return Effect.fail(new InvalidRequest(about(`payload.${path}`, `${place}: ${duplicateKeyText(key, first)}`)))
  })
)

/** The answer of effect/http-api where the content type is another one, as text. */
const notJson = (response: HttpServerResponse.HttpServerResponse) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
    response.headers["content-type"]?.startsWith("text/plain") === true
      ? Effect.fail(
          new UnsupportedMedia(
            about("headers.content-type", `expected application/json, got "${headers["content-type"] ?? ""}"`)
          )
        )
      : Effect.succeed(response)
  )

const hasBody = ({ payload, method }: HttpApiEndpoint.Top) => payload.size > 0 && method !== "GET"

const unreadable = new InvalidRequest(about("payload", "expected a body that can be read to its end"))
const tooDeep = new InvalidRequest(
  about("payload", `expected JSON that is nested at most ${maxJsonDepth} deep, got more`)
)
const leaving = answer(
  new Unavailable(about("server", "the server is about to end; ask again, it or the one that takes its place")),
  { connection: "close" }
)

type Told<E> = Effect.Effect<never, E | InvalidRequest | TooLarge, HttpServerRequest.HttpServerRequest>
