import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { type Agent, type AgentSettings, wachtPhases } from "../api/agents.ts"
import { CurrentCaller, has } from "../api/Authorization.ts"
import { InvalidRequest } from "../api/Problem.ts"
import { LoadedHooks } from "../hooks/LoadedHooks.ts"
import { needsHooksWrite, uploadOf } from "../hooks/Targets.ts"
import { Agents } from "../store/Agents.ts"
import { orUnavailable } from "./failures.ts"

export const agentRoutes = HttpApiBuilder.group(
  Api,
  "agents",
  Effect.fnUntraced(function* (handlers) {
    const agents = yield* Agents
    const loaded = yield* LoadedHooks

    /** Checked as Wacht checks them when an agent is saved, with Wacht's words. */
    const checked = Effect.fnUntraced(function* ({ hooks, ...rest }: AgentSettings) {
      if (hooks === undefined) return rest
      if (!has(yield* CurrentCaller, "hooks:write")) return yield* needsHooksWrite("payload.hooks")
      yield* Effect.mapError(
        loaded.check(uploadOf({ id: "agent", hooks: (hooks ?? {}) as Agent["hooks"] })),
        ({ errors }) => {
          const entries = errors.map(({ field, message }) => ({
            field: field.startsWith("hooks") ? `payload.${field}` : "payload.hooks",
            message: wachtsOwn.exec(message)?.[0] ?? message,
            code: 400
          }))
          return new InvalidRequest({ detail: entries.map(({ message }) => message).join("; "), errors: entries })
        }
      )
      return { ...rest, hooks: withArgs(hooks) }
    })

    return handlers.handleAll({
      create: ({ payload }) => Effect.flatMap(checked(payload), agents.create).pipe(orUnavailable),
      list: ({ query }) => orUnavailable(agents.list(query)),
      get: ({ params }) => orUnavailable(agents.get(params.agent_id)),
      update: ({ params, payload }) =>
        Effect.flatMap(checked(payload), (changes) => agents.update(params.agent_id, changes)).pipe(orUnavailable),
      remove: ({ params }) => orUnavailable(agents.remove(params.agent_id))
    })
  })
)

/** Where Wacht has words for it, they are the whole message. */
const wachtsOwn = /^hooks\.\w+\[\d+\]\.(?:tool_name must not be empty|args must be a JSON object)/

/** As Wacht gives it back: phases that it does not know or that have no steps are left out, steps without args have none. */
const withArgs = (hooks: unknown): Agent["hooks"] =>
  Object.fromEntries(
    wachtPhases.flatMap((phase) => {
      const given = (hooks as Record<string, unknown> | null) ?? {}
      // What is there was checked before.
      const steps = (Object.hasOwn(given, phase) ? (given[phase] ?? []) : []) as ReadonlyArray<{
        tool_name: string
        args?: Record<string, unknown> | null
      }>
      if (steps.length === 0) return []
      return [[phase, steps.map(({ tool_name, args }) => ({ tool_name, args: args ?? {} }))]]
    })
  )
