/** What is plugged in for some hooks: in code, by modules, and by the native configs that are named. */
import type { ConfigSource } from "@tenterhook/core"
import { native } from "@tenterhook/dialects"
import { Effect, Result } from "effect"
import { listOf, readSource, sourceOf } from "../Configs.ts"
import type { ConfigText } from "../ConfigText.ts"
import { openConfigPlugins } from "./configPlugins.ts"
import { builtIn, openPlugins, type PluggedIn, type PluginOptions } from "./openPlugins.ts"

export interface PluggableOptions extends PluginOptions {
  readonly config?: string | ConfigText | ReadonlyArray<string | ConfigText>
  readonly hooks?: unknown
  readonly dialect?: string
  readonly configPlugins?: boolean
}

/** Rejects with `PluginError`, or with `ConfigError` where a config names the module. */
export const pluginsFor = async (options: PluggableOptions): Promise<PluggedIn> => {
  const plugged = await openPlugins(options)
  if (options.configPlugins === false || (options.dialect ?? native.id) !== native.id) return plugged
  const dialects = [...plugged.dialects, ...builtIn]
  const isNative = (source: ConfigSource) => dialects.find((one) => one.recognizes(source))?.id === native.id
  const sources: Array<ConfigSource> = []
  for (const config of listOf(options.config ?? [])) {
    const source = typeof config === "string" ? await readable(config, options.cwd) : sourceOf(config, options.cwd)
    if (source !== null && (options.dialect !== undefined || isNative(source))) sources.push(source)
  }
  if (options.hooks !== undefined) sources.push({ _tag: "value", value: options.hooks, folder: options.cwd })
  return openConfigPlugins(sources, plugged)
}

/** One that cannot be read is refused when it is loaded. */
const readable = async (file: string, cwd: string): Promise<ConfigSource | null> => {
  const read = await Effect.runPromise(Effect.result(readSource(file, cwd, undefined)))
  return Result.isSuccess(read) ? read.success : null
}
