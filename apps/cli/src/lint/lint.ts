/** What loads and is still unlikely to be meant: for the person who owns the hooks. */
import type { Hook, HookSet, LoadNotice } from "@tenterhook/core"
import { current } from "../show/sets.ts"
import { deadlineRemark } from "./deadline.ts"
import { matcherRemark } from "./matcher.ts"
import { scriptRemarks } from "./script.ts"
import { variableRemark } from "./variable.ts"

/** Looks at the hooks of one set; no hook is run. What its dialect said of a hook already is not said again. */
export const lint = async (set: HookSet): Promise<ReadonlyArray<LoadNotice>> => {
  const now = current(set)
  const remarks: Array<LoadNotice> = []
  for (const hook of now.hooks) {
    const said = noticesOf(hook, now).join("\n")
    const texts = [
      /matcher|no tool/.test(said) ? null : matcherRemark(hook),
      said.includes("timeout") ? null : deadlineRemark(hook),
      ...scriptRemarks(hook),
      await variableRemark(hook, now)
    ]
    for (const text of texts) {
      if (text !== null) remarks.push(remark(hook, text))
    }
  }
  return remarks
}

/** What was said about the lines from this hook's to the next one's. */
const noticesOf = ({ source: { file, line } }: Hook, { hooks, notices }: HookSet): ReadonlyArray<string> => {
  if (line === null) return []
  const lines = hooks.flatMap(({ source }) => (source.line !== null && source.line > line ? [source.line] : []))
  const next = Math.min(...lines, Infinity)
  return notices
    .filter((notice) => notice.file === file && notice.line !== null && notice.line >= line && notice.line < next)
    .map(({ text }) => text)
}

const remark = ({ name, source }: Hook, text: string): LoadNotice => ({
  file: source.file,
  line: source.line,
  column: null,
  text: `${name}: ${text}`
})
