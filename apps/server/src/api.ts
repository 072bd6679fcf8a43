/** The definition of the HTTP API, for typed clients. */
export { Api } from "./api/Api.ts"
export { CurrentCaller, type Caller } from "./api/Authorization.ts"
export { RequiredScopes, type Scope, scopes } from "./api/Scope.ts"
