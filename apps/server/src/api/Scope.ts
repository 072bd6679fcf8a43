/** What a key may do. Each route needs one scope; the API's description names it. */
import { Context } from "effect"

export const scopes = [
  "agents:read",
  "agents:write",
  "tools:read",
  "tools:write",
  "hooks:read",
  "hooks:write",
  "fires:read",
  "fires:write",
  "executions:read",
  "executions:write",
  "endpoints:read",
  "endpoints:write",
  "deliveries:read",
  "deliveries:write",
  "stream:read",
  "metrics:read"
] as const
export type Scope = (typeof scopes)[number]

/** All scopes, also those of later versions. */
export const everyScope = "*"

/** The scopes that a route needs. Null: it needs no key at all. */
export const RequiredScopes = Context.Reference<ReadonlyArray<Scope> | null>("@tenterhook/server/api/RequiredScopes", {
  defaultValue: () => null
})
