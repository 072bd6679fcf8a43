import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { CurrentCaller } from "../api/Authorization.ts"
import type { EndRequest, StartRequest } from "../api/executions.ts"
import { Runs } from "../execution/Runs.ts"
import { inHooks, Targets } from "../hooks/Targets.ts"
import { Executions, shown } from "../store/Executions.ts"
import { orUnavailable } from "./failures.ts"
import { allowedContext } from "./fires.ts"

export const executionRoutes = HttpApiBuilder.group(
  Api,
  "executions",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const targets = yield* Targets
    const executions = yield* Executions

    const start = Effect.fnUntraced(
      function* (request: StartRequest) {
        const caller = yield* CurrentCaller
        const context = yield* allowedContext(request.context ?? {}, caller)
        const target = yield* targets.find(request, caller)
        return yield* runs.start(target, {
          context,
          host: request.host ?? null,
          ...(request.id === undefined ? {} : { id: request.id }),
          ...(request.leaseMs === undefined ? {} : { leaseMs: request.leaseMs })
        })
      },
      inHooks,
      orUnavailable
    )

    const end = Effect.fnUntraced(function* (id: string, { context, ...how }: EndRequest) {
      const caller = yield* CurrentCaller
      const more = context === undefined ? {} : { context: yield* allowedContext(context, caller) }
      return yield* runs.end(id, { ...how, ...more })
    }, orUnavailable)

    return handlers.handleAll({
      start: ({ payload }) => start(payload),
      end: ({ params, payload }) => end(params.id, payload),
      extend: ({ params }) => orUnavailable(runs.extend(params.id)),
      list: ({ query }) => orUnavailable(executions.list(query)),
      get: ({ params }) => orUnavailable(Effect.map(executions.get(params.id), shown))
    })
  })
)
