import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { Ground } from "../hooks/Ground.ts"
import { type ServerConfig, ToolServers } from "../store/ToolServers.ts"
import { orUnavailable } from "./failures.ts"

export const toolServerRoutes = HttpApiBuilder.group(
  Api,
  "toolServers",
  Effect.fnUntraced(function* (handlers) {
    const servers = yield* ToolServers
    const ground = yield* Ground
    const list = Effect.map(servers.all, (all) => ({
      servers: Object.entries({ ...ground.servers, ...all }).map(([name, config]) => ({
        name,
        transport: transportOf(config)
      }))
    }))
    return handlers.handleAll({
      list: () => orUnavailable(list),
      replace: ({ payload }) => orUnavailable(Effect.andThen(servers.replace(payload.mcpServers), list)),
      put: ({ params, payload }) => orUnavailable(Effect.andThen(servers.put(params.name, payload), list)),
      remove: ({ params }) => orUnavailable(servers.remove(params.name))
    })
  })
)

const transportOf = (config: ServerConfig) => ("command" in config ? ("stdio" as const) : ("http" as const))
