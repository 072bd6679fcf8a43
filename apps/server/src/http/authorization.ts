/** Each request's key is looked up, its rate held, and the scopes that its route needs demanded. */
import { Clock, Context, Effect, Layer, Redacted } from "effect"
import { HttpServerRequest } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { Authorization, type Caller, CurrentCaller, has } from "../api/Authorization.ts"
import { about, Forbidden, TooManyRequests, Unauthorized } from "../api/Problem.ts"
import { everyScope, RequiredScopes } from "../api/Scope.ts"
import { Keys } from "../keys/Keys.ts"
import { answer } from "./answer.ts"
import { doubtAbout } from "./loopback.ts"
import { isLogged, noteKey, noteRefusal } from "./requestLog.ts"
import { makeTokenBuckets } from "./TokenBuckets.ts"

export interface AuthorizationSettings {
  /** Requests from this machine need no key. Web pages that are open on it do; so does whoever comes through a proxy. */
  readonly noKeyOnLoopback: boolean
  /** Of each key; as many may come at once. Null: no limit. */
  readonly ratePerSecond: number | null
}

export const authorizationLayer = ({
  noKeyOnLoopback,
  ratePerSecond
}: AuthorizationSettings): Layer.Layer<Authorization, never, Keys> =>
  Layer.effect(
    Authorization,
    Effect.gen(function* () {
      const keys = yield* Keys
      const clock = yield* Clock.Clock
      const buckets = ratePerSecond === null ? null : makeTokenBuckets(ratePerSecond)

      /** The caller, or what is wrong with the request's key. */
      const callerOf = (request: HttpServerRequest.HttpServerRequest, key: string) => {
        if (request.headers.authorization === undefined) {
          if (!noKeyOnLoopback) return Effect.succeed(noKey)
          const doubt = doubtAbout(request)
          return Effect.succeed(
            doubt === null ? fromHere : new Unauthorized({ detail: doubt.message, errors: [doubt] })
          )
        }
        if (key === "") return Effect.succeed(otherScheme)
        // A database that does not answer is no reason to call a key unknown.
        return Effect.map(Effect.orDie(keys.find(key)), (caller) => caller ?? unknownKey)
      }

      /** For the log: why it was refused, and which key it was if that was revoked. Nothing of the key itself. */
      const note = (request: HttpServerRequest.HttpServerRequest, key: string, refused: Unauthorized) => {
        noteRefusal(request, refused.detail ?? "no valid key")
        if (refused !== unknownKey) return Effect.void
        return Effect.map(Effect.orDie(keys.revokedId(key)), (id) => {
          if (id === null) return
          noteKey(request, id)
          noteRefusal(request, "the key was revoked")
        })
      }

      return Authorization.of({
        key: Effect.fnUntraced(function* (httpEffect, { credential, endpoint }) {
          const request = yield* HttpServerRequest.HttpServerRequest
          const caller = yield* callerOf(request, Redacted.value(credential))
          if (caller instanceof Unauthorized) {
            if (isLogged(request)) yield* note(request, Redacted.value(credential), caller)
            return yield* answer(caller, { "www-authenticate": "Bearer" })
          }
          noteKey(request, caller.keyId)
          const seconds = buckets?.take(caller.keyId ?? "", clock.currentTimeMillisUnsafe()) ?? 0
          if (seconds > 0) return yield* answer(tooMany(seconds), { "retry-after": String(seconds) })
          const missing = scopesOf(endpoint).filter((scope) => !has(caller, scope))
          if (missing.length > 0) {
            noteRefusal(request, `the key lacks the scope ${missing.join(" and ")}`)
            return yield* lacking(missing)
          }
          return yield* Effect.provideService(httpEffect, CurrentCaller, caller)
        })
      })
    })
  )

/** The problem for a caller whose key lacks scopes; for routes as well, where a body needs more than its route does. */
export const lacking = (missing: ReadonlyArray<string>) =>
  new Forbidden({ ...about(field, `expected a key with the scope ${missing.join(" and ")}`), missing })

const scopesOf = (endpoint: HttpApiEndpoint.Top) => Context.get(endpoint.annotations, RequiredScopes) ?? []

const tooMany = (seconds: number) =>
  new TooManyRequests({
    ...about(field, `expected fewer requests of this key; the next one is taken in ${seconds} s`),
    retryAfterSeconds: seconds
  })

const field = "headers.authorization"
const unauthorized = (message: string) => new Unauthorized(about(field, message))

const noKey = unauthorized("expected `Authorization: Bearer th_…`, got no key")
const otherScheme = unauthorized("expected `Bearer th_…`, got another scheme or nothing behind it")
const unknownKey = unauthorized("expected a key that is known, got one that is unknown or revoked")
const fromHere: Caller = { keyId: null, scopes: [everyScope] }
