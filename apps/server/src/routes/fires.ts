import { type EventContext, unknownContextKeys } from "@tenterhook/core"
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { type Caller, CurrentCaller, has } from "../api/Authorization.ts"
import type { FireRequest } from "../api/fires.ts"
import { LiveExecutions } from "../execution/LiveExecutions.ts"
import { Fire } from "../hooks/Fire.ts"
import { inHooks, inPayload, needsHooksWrite, type Target, Targets } from "../hooks/Targets.ts"
import { Executions } from "../store/Executions.ts"
import { Fires } from "../store/Fires.ts"
import { orUnavailable } from "./failures.ts"

export const fireRoutes = HttpApiBuilder.group(
  Api,
  "fires",
  Effect.fnUntraced(function* (handlers) {
    const { fire, explain } = yield* Fire
    const targets = yield* Targets
    const fires = yield* Fires
    const executions = yield* Executions
    const lives = yield* LiveExecutions

    const fireOne = Effect.fnUntraced(
      function* (request: FireRequest) {
        const caller = yield* CurrentCaller
        const given = yield* allowedContext(request.context ?? {}, caller)
        const unknown = given.tool === undefined ? yield* unknownKeys : {}
        const options = {
          ...(request.host === undefined ? {} : { host: request.host }),
          ...(request.class === undefined ? {} : { class: request.class })
        }
        const executionId = request.executionId ?? null
        if (executionId === null) {
          const target = yield* targets.find(request, caller)
          const firing = {
            event: request.event,
            context: given,
            unknown,
            options,
            executionId: given.executionId ?? null
          }
          return yield* fire(target, firing)
        }
        const row = yield* inPayload("executionId", executions.get(executionId))
        const context = { ...given, executionId }
        if (namesTarget(request)) {
          const target = yield* targets.find(request, caller)
          return yield* fire(target, { event: request.event, context, unknown, options, executionId })
        }
        const { agentId, hookSetId, version } = row
        const target: Target = { agentId, hookSetId, version, kept: row.digest, upload: null }
        const firing = { event: request.event, context, unknown, options, executionId }
        // Nothing ends with an execution that has ended.
        if (row.status === "ended") return yield* fire(target, firing)
        const { execution } = yield* lives.find(row)
        return yield* fire(target, { ...firing, within: execution })
      },
      inHooks,
      orUnavailable
    )

    const explainOne = Effect.fnUntraced(
      function* (request: FireRequest) {
        const caller = yield* CurrentCaller
        const context = yield* allowedContext(request.context ?? {}, caller)
        return yield* explain(yield* targets.find(request, caller), request.event, context)
      },
      inHooks,
      orUnavailable
    )

    return handlers.handleAll({
      // A report is made by us; to check it once more would cost more than the rest of the answer.
      fire: ({ payload }) => Effect.map(fireOne(payload), (report) => HttpServerResponse.jsonUnsafe(report)),
      explain: ({ payload }) => explainOne(payload),
      list: ({ query }) => orUnavailable(fires.list(query)),
      get: ({ params }) => orUnavailable(fires.get(params.id))
    })
  })
)

/** The environment of commands is the operator's to give away. */
export const allowedContext = (context: EventContext, caller: Caller) =>
  context.env === undefined || has(caller, "hooks:write")
    ? Effect.succeed(context)
    : Effect.fail(needsHooksWrite("payload.context.env"))

/** What the request's context has under keys that no event has. The description of the request leaves them out. */
const unknownKeys = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const body = (yield* Effect.orElseSucceed(request.json, () => null)) as { readonly context?: object } | null
  const context = body?.context ?? {}
  const keys = new Set(unknownContextKeys(context))
  return Object.fromEntries(Object.entries(context).filter(([key]) => keys.has(key)))
})

const namesTarget = ({ agentId, hookSetId, hooks }: FireRequest) =>
  agentId !== undefined || hookSetId !== undefined || hooks !== undefined
