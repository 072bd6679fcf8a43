/** What processes outside of the clone find in their environment. */
import { delimiter } from "node:path"
import { within } from "../../workspace.mjs"

/** The environment of a person who never saw this clone: `npm test` and vitest add to theirs. */
export const hostEnvironment = (): Record<string, string> => {
  const own =
    /^(npm_|NODE_(COMPILE_CACHE|ENV|OPTIONS|PATH)$|VITEST|TEST$|DEV$|PROD$|MODE$|SSR$|BASE_URL$|INIT_CWD$|TENTERHOOK_|FORCE_COLOR$)/
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (!own.test(name) || /^npm_config_(registry|cache|userconfig)$/i.test(name)))
      env[name] = value
  }
  const path = (env.PATH ?? "").split(delimiter)
  return { ...env, NO_COLOR: "1", PATH: path.filter((folder) => !folder.startsWith(within("."))).join(delimiter) }
}

export const npmSettings = {
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  npm_config_prefer_offline: "true"
}
