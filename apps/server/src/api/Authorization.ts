/** Who asks: a bearer key, its scopes, its rate. */
import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { Forbidden, TooManyRequests, Unauthorized } from "./Problem.ts"
import { everyScope, type Scope } from "./Scope.ts"

export interface Caller {
  /** The key's id; null for a request from this machine without a key, where the operator allowed that. */
  readonly keyId: string | null
  readonly scopes: ReadonlyArray<string>
}

export class CurrentCaller extends Context.Service<CurrentCaller, Caller>()(
  "@tenterhook/server/api/Authorization/CurrentCaller"
) {}

export const has = (caller: Caller, scope: Scope): boolean =>
  caller.scopes.includes(everyScope) || caller.scopes.includes(scope)

export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentCaller }>()(
  "@tenterhook/server/api/Authorization",
  {
    security: {
      key: HttpApiSecurity.bearer.pipe(
        HttpApiSecurity.annotate(OpenApi.Description, "A key of `tenterhook keys`; it begins with `th_`.")
      )
    },
    error: [Unauthorized, Forbidden, TooManyRequests]
  }
) {}
