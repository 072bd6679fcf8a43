/** What every request passes before its route is looked up, and every answer after. */
import { ByteSize, Cause, Context, Effect, type Layer } from "effect"
import {
  type FindMyWay,
  Headers,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import type { HttpApi } from "effect/http-api"
import { answer } from "./answer.ts"
import { tooLarge } from "./exchange.ts"
import { faultAnswer } from "./fault.ts"
import { notFoundOf, type OtherPaths } from "./notFound.ts"

export interface FrontDoorSettings {
  readonly maxBodyBytes: number
  /** Routes beside those of the API, all of them GET. */
  readonly otherPaths: OtherPaths
}

/** For `HttpRouter.serve`: ids that callers choose may be longer than a router takes by itself. */
export const routerConfig: FindMyWay.RouterConfig = {
  ignoreTrailingSlash: true,
  ignoreDuplicateSlashes: true,
  caseSensitive: true,
  maxParamLength: 512
}

/** Global: one of it stands before all routes, whatever group they are of. */
export const frontDoorLayer = (
  api: HttpApi.Constraint,
  { maxBodyBytes, otherPaths }: FrontDoorSettings
): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const limit = ByteSize.bytes(maxBodyBytes)
  const notFound = notFoundOf(api, otherPaths, routerConfig)

  const answerTo = (request: HttpServerRequest.HttpServerRequest, cause: Cause.Cause<unknown>): Answer => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
    for (const reason of cause.reasons) {
      // Some of effect/http end a request with an answer as the defect.
      if (Cause.isDieReason(reason) && HttpServerResponse.isHttpServerResponse(reason.defect)) {
        return Effect.succeed(reason.defect)
      }
      const error = Cause.isFailReason(reason) ? reason.error : null
      if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") {
        return notFound(request, error.reason)
      }
    }
    return faultAnswer(cause)
  }

  const door = (route: Answer): Answer =>
    Effect.withFiber((fiber) => {
      const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
      if (Number(request.headers["content-length"]) > maxBodyBytes) {
        return answer(tooLarge(maxBodyBytes), { connection: "close" })
      }
      const limited = Effect.provideService(route, HttpServerRequest.MaxBodySize, limit)
      return Effect.catchCause(
        isFormByDefault(request)
          ? Effect.provideService(limited, HttpServerRequest.HttpServerRequest, asJson(request))
          : limited,
        (cause) => answerTo(request, cause)
      )
    })

  // Its type wants middleware to let unknown failures through. This one has an answer for each of them.
  return HttpRouter.use((router) => router.addGlobalMiddleware(door as never) as Effect.Effect<void>)
}

/**
 * `curl -d` says that it sends a form where nobody tells it otherwise, so with a key a form is read as JSON. Without one
 * it stays what it says it is: a web page can send a form anywhere, but never with a key.
 */
const isFormByDefault = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers.authorization !== undefined && (headers["content-type"]?.startsWith(formType) ?? false)

const asJson = (request: HttpServerRequest.HttpServerRequest) =>
  request.modify({ headers: Headers.set(request.headers, "content-type", "application/json") })

const formType = "application/x-www-form-urlencoded"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>
