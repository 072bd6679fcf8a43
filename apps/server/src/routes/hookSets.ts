import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { LoadedHooks } from "../hooks/LoadedHooks.ts"
import { HookSets } from "../store/HookSets.ts"
import { orUnavailable } from "./failures.ts"

export const hookSetRoutes = HttpApiBuilder.group(
  Api,
  "hookSets",
  Effect.fnUntraced(function* (handlers) {
    const sets = yield* HookSets
    const { check } = yield* LoadedHooks
    return handlers.handleAll({
      create: ({ payload }) => orUnavailable(Effect.flatMap(check(payload), (loaded) => sets.create(payload, loaded))),
      check: ({ payload }) => Effect.map(check(payload), (loaded) => ({ ok: true as const, ...loaded })),
      replace: ({ params, payload }) =>
        orUnavailable(Effect.flatMap(check(payload), (loaded) => sets.replace(params.id, payload, loaded))),
      list: ({ query }) => orUnavailable(sets.list(query)),
      get: ({ params, query }) => orUnavailable(sets.get(params.id, query.version)),
      versions: ({ params, query }) => orUnavailable(sets.versions(params.id, query)),
      remove: ({ params }) => orUnavailable(sets.remove(params.id))
    })
  })
)
