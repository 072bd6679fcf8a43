/** `plugins:` of native configs: loaded where a person named the config, refused where it was found or sent. */
import { ConfigError, type ConfigProblem, type ConfigSource } from "@tenterhook/core"
import { type ConfigPath, type Document, formatPath, native, readDocument } from "@tenterhook/dialects"
import { Effect, Exit } from "effect"
import { openPlugins, type PluggedIn } from "./openPlugins.ts"
import { wordsOf } from "./thrown.ts"

/**
 * What was plugged in, and the plug-ins of these native configs beside it. Their modules are looked for from the folder of the
 * config. Rejects with `ConfigError`, which has the line of each module that cannot be used.
 */
export const openConfigPlugins = async (
  sources: ReadonlyArray<ConfigSource>,
  before: PluggedIn
): Promise<PluggedIn> => {
  let plugged = before
  const problems: Array<ConfigProblem> = []
  for (const source of sources) {
    const document = documentOf(source)
    for (const [index, name] of namesIn(document).entries()) {
      try {
        plugged = await openPlugins({ plugins: [name], cwd: source.folder }, plugged)
      } catch (error) {
        problems.push(problemAt(document!, ["plugins", index], wordsOf(error)))
      }
    }
  }
  if (problems.length > 0) throw new ConfigError({ dialect: native.id, problems })
  return plugged
}

/** A refusal of a native config that names modules, for a host that does not run code for it; null where it names none. */
export const refusedPlugins = (source: ConfigSource, why: string): ConfigError | null => {
  const document = documentOf(source)
  return pluginsIn(document) === undefined
    ? null
    : new ConfigError({ dialect: native.id, problems: [problemAt(document!, ["plugins"], why)] })
}

export const refusedInDiscovered =
  "a config that was found loads no modules, for its code would run without anybody's asking; name the config (--config) or the module (--plugin)"
export const refusedInSent =
  "a config that was sent loads no modules; whoever runs the server names them (serve --plugin)"

/** Undefined where it cannot be read: loading it says why. */
const documentOf = (source: ConfigSource): Document | undefined => {
  const exit = Effect.runSyncExit(readDocument(native.id, source))
  return Exit.isSuccess(exit) ? exit.value : undefined
}

const pluginsIn = (document: Document | undefined): unknown => {
  const { plugins } = Object(document?.value) as { readonly plugins?: unknown }
  return plugins ?? undefined
}

/** What is no list of texts is refused when the config is loaded. */
const namesIn = (document: Document | undefined): ReadonlyArray<string> => {
  const plugins = pluginsIn(document)
  return Array.isArray(plugins) && plugins.every((name) => typeof name === "string" && name.trim() !== "")
    ? (plugins as ReadonlyArray<string>)
    : []
}

const problemAt = (document: Document, path: ConfigPath, text: string): ConfigProblem => ({
  file: document.file,
  ...document.place(path),
  path: formatPath(path),
  text
})
