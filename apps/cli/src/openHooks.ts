/** Loads the configs that the flags name, or finds them, and says what their owners should know. */
import { formatProblem, type LoadNotice } from "@tenterhook/core"
import type { Hooks, HooksOptions } from "@tenterhook/sdk"
import * as Option from "effect/Option"
import type { ConfigFlags } from "./flags.ts"
import { shortPath } from "./show/shortPath.ts"
import type { Words } from "./terminal/Words.ts"

export const hooksOptions = (flags: ConfigFlags): HooksOptions => ({
  ...(flags.config.length === 0 ? {} : { config: flags.config }),
  ...(Option.isNone(flags.dialect) ? {} : { dialect: flags.dialect.value }),
  ...(Option.isNone(flags.mode) ? {} : { mode: flags.mode.value }),
  ...(flags.lenient ? { lenient: true } : {}),
  ...(flags.plugin.length === 0 ? {} : { plugins: flags.plugin })
})

/** Refuses where there is no config, and with every problem of one that cannot be loaded. */
export const openHooks = async (flags: ConfigFlags, words: Words, host: HooksOptions = {}): Promise<Hooks> => {
  const { createHooks, discoveredNotice } = await import("@tenterhook/sdk")
  const hooks = await createHooks({ ...hooksOptions(flags), ...host })
  for (const notice of hooks.notices) {
    if (notice.text === discoveredNotice)
      words.info(`using ${shortPath(notice.file!)}, found from here; --config names one`)
    else words.warn(formatNotice(notice))
  }
  return hooks
}

/** `coder.json:3:5: text`, with the file as it reads best from here. */
export const formatNotice = (notice: LoadNotice & { readonly path?: string }): string =>
  formatProblem(notice.file === null ? notice : { ...notice, file: shortPath(notice.file) })
