/** What loads and is still unlikely to be meant: for the person who owns the hooks. */
import type { Hook, HookSet, LoadNotice } from "@tenterhook/core"
import { current } from "../show/sets.ts"
import { deadlineRemark } from "./deadline.ts"
import { matcherRemark } from "./matcher.ts"
import { scriptRemarks } from "./script.ts"
import { variableRemark } from "./variable.ts"

/** Looks at the hooks of one set; no hook is run. */
export const lint = async (set: HookSet): Promise<ReadonlyArray<LoadNotice>> => {
  const now = current(set)
  const remarks: Array<LoadNotice> = []
  for (const hook of now.hooks) {
    const texts = [matcherRemark(hook), deadlineRemark(hook), ...scriptRemarks(hook), await variableRemark(hook, now)]
    for (const text of texts) {
      if (text !== null) remarks.push(remark(hook, text))
    }
  }
  return remarks
}

const remark = ({ name, source }: Hook, text: string): LoadNotice => ({
  file: source.file,
  line: source.line,
  column: null,
  text: `${name}: ${text}`
})
