/** Says which decision of an answer is not understood, whose it is, and what to write in its place. */
import { show } from "../config/Document.ts"
import { editDistance } from "../config/nearest.ts"
import type { Decision } from "./decisionsIn.ts"
import { productOf } from "./Product.ts"
import { plain } from "./Word.ts"

/** `holds "decision": "block", which Claude Code, … read; write {"verdict":"deny","reason":"…"}` */
export const decisionText = (decision: Decision, value: unknown): string => {
  const { path, key, atTop } = decision
  const meant = atTop && editDistance(plain(key), "verdict", 3) <= 2
  if (meant) return `unknown key "${key}"; did you mean "verdict"?`
  const product = typeof value === "object" && value !== null ? productOf(value) : undefined
  const whose = product === undefined ? "which this dialect does not read" : `which is an answer for ${product}`
  return `${show(path)}: ${show(decision.value)}, ${whose}; write ${inOurWords(decision)}`
}

const inOurWords = ({ denies, value }: Decision): string => {
  if (denies) return `{"verdict":"deny","reason":"…"}`
  if (value === "ask") return `{"verdict":"ask"}`
  return `{"verdict":"allow"} or {"verdict":"deny","reason":"…"}`
}
