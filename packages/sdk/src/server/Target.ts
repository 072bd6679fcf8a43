/** Whose hooks a request is about: an agent's or a hook set's on the server, or configs that it brings along. */
import { Effect } from "effect"
import { listOf, readSource } from "../Configs.ts"
import type { ConfigText } from "../ConfigText.ts"
import type { ConnectOptions } from "../connectHooks.ts"
import { InvalidConnection } from "./ServerError.ts"

export type Target =
  | { readonly agentId: string }
  | { readonly hookSetId: string; readonly version?: number }
  | { readonly hooks: Upload }

interface Upload {
  readonly dialect?: string
  readonly mode?: string
  readonly lenient?: boolean
  readonly configs: ReadonlyArray<ConfigText>
}

/** Reads the files. Rejects with `ConfigError` where one cannot be read, with `InvalidConnection` where it is not clear whose. */
export const targetOf = async (options: ConnectOptions, cwd: string): Promise<Target> => {
  const { agent, hookSet, version, config, dialect, mode, lenient, hooks } = options
  const brings = config !== undefined || hooks !== undefined || dialect !== undefined
  const named = [agent !== undefined, hookSet !== undefined, brings].filter(Boolean).length
  if (named !== 1) {
    const got = named === 0 ? "none" : "several"
    throw new InvalidConnection(`whose hooks: expected one of agent, hookSet, or config, hooks and dialect, got ${got}`)
  }
  if (!brings && mode !== undefined) throw new InvalidConnection("mode is for config, hooks and dialect only")
  if (!brings && lenient !== undefined) throw new InvalidConnection("lenient is for config, hooks and dialect only")
  if (hookSet === undefined && version !== undefined) throw new InvalidConnection("version is for hookSet only")
  if (agent !== undefined) return { agentId: agent }
  if (hookSet !== undefined) return { hookSetId: hookSet, ...(version === undefined ? {} : { version }) }
  const configs = await Promise.all(listOf(config ?? []).map((one) => readConfig(one, cwd, dialect)))
  return {
    hooks: {
      ...(dialect === undefined ? {} : { dialect }),
      ...(mode === undefined ? {} : { mode }),
      ...(lenient === undefined ? {} : { lenient }),
      configs: hooks === undefined ? configs : [...configs, inCode(hooks, dialect ?? "native", cwd)]
    }
  }
}

const readConfig = async (
  config: string | ConfigText,
  cwd: string,
  dialect: string | undefined
): Promise<ConfigText> => {
  if (typeof config !== "string") return { folder: cwd, ...config }
  const { file, text, folder } = await Effect.runPromise(Effect.result(readSource(config, cwd, dialect))).then(orThrow)
  return { file, text, folder }
}

const orThrow = <A, E>(read: { readonly _tag: string; readonly success?: A; readonly failure?: E }): A => {
  if (read._tag === "Failure") throw read.failure
  return read.success as A
}

/** As a config of its own: a server has no other way to take it. */
const inCode = (hooks: unknown, dialect: string, folder: string): ConfigText => {
  const native = dialect === "native"
  const value = native && Array.isArray(hooks) ? { hooks } : hooks
  const text = JSON.stringify(value, (key, one: unknown) => {
    if (typeof one !== "function") return one
    throw new InvalidConnection(`a hook's "${key}" is a function, which cannot run on a server; name a command`)
  })
  return { file: native ? "hooks.tenterhook.json" : "hooks.json", text, folder }
}
