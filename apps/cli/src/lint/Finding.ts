/** Something in a config that loads and is probably not what its owner meant. */
import type { Dialect, Hook, HookSet, ShellAction } from "@tenterhook/core"

export interface Finding {
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
  readonly text: string
}

/** What a rule looks at: one hook, and its command as it would be executed here and now. */
export interface Subject {
  readonly set: HookSet
  readonly hook: Hook
  readonly dialect: Dialect
  /** The config's text; null where there is none. */
  readonly text: string | null
  readonly trial: Trial
}

/** The hook's action filled in with stand-ins for what a host would know. */
export type Trial =
  | { readonly _tag: "command"; readonly action: ShellAction; readonly cwd: string }
  | { readonly _tag: "other" }
  | { readonly _tag: "refused"; readonly text: string }

/** Sentences for the hook's owner. */
export type Rule = (subject: Subject) => ReadonlyArray<string>

/** What the dialect itself said of a hook's lines when it loaded the config, so that nothing is said twice. */
export const isTold = ({ set, hook }: Subject, about: RegExp): boolean => {
  const from = hook.source.line ?? 0
  const until = Math.min(...set.hooks.map(({ source }) => source.line ?? 0).filter((line) => line > from))
  return set.notices.some(({ line, text }) => line !== null && line >= from && line < until && about.test(text))
}
