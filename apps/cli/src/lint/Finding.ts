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

/** A sentence for the hook's owner, with the text of the config that it is about, which gives the line and column. */
export type Remark = string | { readonly text: string; readonly about: string }

export type Rule = (subject: Subject) => ReadonlyArray<Remark>

/** What the dialect itself said of a hook's lines when it loaded the config, so that nothing is said twice. */
export const isTold = (subject: Subject, about: RegExp): boolean => {
  const { from, until } = linesOf(subject)
  return subject.set.notices.some(({ line, text }) => line !== null && line >= from && line < until && about.test(text))
}

/** The finding of a remark, where the hook's lines in the config have what it is about. */
export const findingOf = (subject: Subject, remark: Remark): Finding => {
  const { hook } = subject
  const text = `${hook.name}: ${typeof remark === "string" ? remark : remark.text}`
  const place = typeof remark === "string" ? null : placeOf(subject, remark.about)
  return { file: hook.source.file, line: place?.line ?? hook.source.line, column: place?.column ?? null, text }
}

const placeOf = (subject: Subject, about: string) => {
  const { from, until } = linesOf(subject)
  if (subject.text === null || from === 0) return null
  const lines = subject.text.split("\n").slice(from - 1, until === Infinity ? undefined : until - 1)
  const index = lines.findIndex((line) => line.includes(about))
  return index < 0 ? null : { line: from + index, column: lines[index]!.indexOf(about) + 1 }
}

/** From the hook's line to that of the next hook. */
const linesOf = ({ set, hook }: Subject) => {
  const from = hook.source.line ?? 0
  return { from, until: Math.min(...set.hooks.map(({ source }) => source.line ?? 0).filter((line) => line > from)) }
}
