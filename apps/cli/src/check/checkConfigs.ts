/** Loads configs one by one, and looks for what is probably not meant. */
import { ConfigError, type ConfigProblem, type HookSet, type LoadNotice } from "@tenterhook/core"
import { exitCode } from "../ExitCode.ts"
import type { ConfigFlags } from "../flags.ts"
import { hooksOptions } from "../openHooks.ts"
import { refusalOf } from "../refusalOf.ts"
import { current } from "../show/sets.ts"
import type { Finding } from "../lint/Finding.ts"

export interface Checked {
  /** What could be loaded. */
  readonly sets: ReadonlyArray<HookSet>
  /** What keeps a config from being loaded. */
  readonly problems: ReadonlyArray<ConfigProblem>
  /** Warnings of the dialects. */
  readonly notices: ReadonlyArray<LoadNotice>
  /** Warnings of our own rules. */
  readonly lint: ReadonlyArray<Finding>
  /** Configs that were found instead of named. */
  readonly discovered: ReadonlyArray<string>
  /** What to do about the problems. */
  readonly hint: string | undefined
}

/** Loads all at once, as `plugins:` of one serve the others; of broken ones the others are loaded without them. */
export const checkConfigs = async (flags: ConfigFlags): Promise<Checked> => {
  const files = [...new Set(flags.config)]
  let loaded: ReadonlyArray<HookSet>
  let problems: ReadonlyArray<ConfigProblem> = []
  try {
    loaded = await load({ ...flags, config: files })
  } catch (error) {
    if (!(error instanceof ConfigError)) return nothingLoaded(error)
    problems = error.problems
    const broken = new Set(problems.map(({ file }) => file))
    const sound = files.filter((file) => !broken.has(file))
    loaded = sound.length === 0 ? [] : await load({ ...flags, config: sound }).catch(() => [])
  }

  const { discoveredNotice } = await import("@tenterhook/sdk")
  const { lint } = await import("../lint/lint.ts")
  const sets = loaded.map(current)
  const all = unique([...loaded, ...sets].flatMap((set) => set.notices))
  return {
    sets,
    problems,
    notices: all.filter(({ text }) => text !== discoveredNotice),
    lint: await lint(sets),
    discovered: all.filter(({ text }) => text === discoveredNotice).map(({ file }) => file!),
    hint: undefined
  }
}

const load = async (flags: ConfigFlags): Promise<ReadonlyArray<HookSet>> => {
  const { createHooks } = await import("@tenterhook/sdk")
  const hooks = await createHooks(hooksOptions(flags))
  await hooks.close()
  return hooks.sets
}

/** There is no config, or no such dialect. */
const nothingLoaded = (error: unknown): Checked => {
  const { code, message, hint } = refusalOf(error)
  if (code !== exitCode.usage) throw error
  const problem = { file: null, line: null, column: null, path: "", text: message }
  return { sets: [], problems: [problem], notices: [], lint: [], discovered: [], hint }
}

const unique = (notices: ReadonlyArray<LoadNotice>) => [
  ...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values()
]
