/** Looks for a deny in output of which nothing is read as an answer. */
import { show } from "../config/Document.ts"
import { decisionsIn } from "./decisionsIn.ts"
import { findAnswers } from "./findAnswers.ts"

/** What says no there, in our words or another product's; undefined where nothing does. An ordinary `ok: false` does not. */
export const denialIn = (text: string): string | undefined => {
  const found = findAnswers(text)
  if (found === undefined) return undefined
  for (const { value } of found.answers) {
    const denial = decisionsIn(value).find(
      (one) => one.denies && !(typeof one.value === "boolean" && isOrdinary(one.key))
    )
    if (denial !== undefined) return `it holds ${show(denial.path)}: ${show(denial.value)}`
  }
  return found.broken?.denies !== true ? undefined : `it holds ${found.broken.excerpt}`
}

/** Keys that programs use for their own results. */
const isOrdinary = (key: string) => /^(?:ok|success|pass|passed|valid|error|state|status)$/i.test(key)
