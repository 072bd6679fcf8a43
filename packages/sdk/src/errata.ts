/** The API of errata's Go package on this engine: `matchesEvent`, `withHooks`, `hooksFromContext`, `run`. */
import { makeErrata } from "@tenterhook/dialects"
import { createHooks } from "./createHooks.ts"

/**
 * `run` rejects with `ConfigError` where a hook cannot be read; what becomes of a command is in its result.
 * It has the process's folder and environment. Source: errata, package hooks.
 */
export const errata = makeErrata({
  fire: async (given, event, context, options) => {
    await using hooks = await createHooks({ dialect: "errata", hooks: given })
    return await hooks.fire(event, context, { ...options, whenAborted: "report" })
  }
})
