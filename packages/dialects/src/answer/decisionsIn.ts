/** Finds the keys of a value that decide something, at any depth, and in JSON inside its texts. */
import { findAnswers } from "./findAnswers.ts"
import { mayDecide } from "./lookalikeIn.ts"
import { denies, isDecision, isRefusal, weightOf, type Weight } from "./Word.ts"

export interface Decision {
  /** `hookSpecificOutput.permissionDecision` */
  readonly path: string
  readonly key: string
  readonly value: unknown
  readonly weight: Weight | undefined
  /** Not below another key. */
  readonly atTop: boolean
  /** Its value says no. */
  readonly denies: boolean
}

/**
 * In the order of the value, breadth first, so that the first one is the outermost. Null decides nothing. Below the top
 * `weak` and `hint` keys are found only where they say no: a list of files has a `status` for each of them.
 */
export const decisionsIn = (value: unknown, keys?: ReadonlyArray<string>): ReadonlyArray<Decision> => {
  const decisions: Array<Decision> = []
  const seen = new Set<object>()
  const queue: Array<Part> = [{ value, key: "", above: undefined, depth: 0, texts: 0 }]
  for (let next = 0; next < queue.length && decisions.length < enough; next++) {
    const part = queue[next]!
    if (typeof part.value === "string") readTextOf(part, queue, decisions)
    if (typeof part.value !== "object" || part.value === null || seen.has(part.value)) continue
    seen.add(part.value)
    const isList = Array.isArray(part.value)
    for (const key of part.depth === 0 && keys !== undefined ? keys : Object.keys(part.value)) {
      const inner = (part.value as Record<string, unknown>)[key]
      if (!isList && key.includes("{")) queue.push({ ...part, value: key, key: "", above: part })
      if (inner === undefined || inner === null) continue
      const below: Part = { value: inner, key, above: part, depth: part.depth + 1, texts: part.texts }
      if (!isList) {
        const weight = weightOf(key)
        const no = denies(key, inner)
        if (decides(weight, inner, part.depth === 0, no)) decisions.push(decisionOf(below, weight, no))
      }
      if (typeof inner === "object" || (typeof inner === "string" && /[{}\\]/.test(inner))) queue.push(below)
    }
  }
  return decisions
}

const decides = (weight: Weight | undefined, value: unknown, atTop: boolean, no: boolean): boolean => {
  switch (weight) {
    case "strong":
      return true
    case "weak":
      return atTop || no
    case "hint":
      return atTop ? isDecision(value) : no
    case undefined:
      return typeof value === "string" && isRefusal(value)
  }
}

/** A value, and where it stands. */
interface Part {
  readonly value: unknown
  readonly key: string
  readonly above: Part | undefined
  readonly depth: number
  /** In how many texts it is. */
  readonly texts: number
}

const readTextOf = (part: Part, queue: Array<Part>, decisions: Array<Decision>) => {
  if (part.texts >= deepestText || !mayDecide(part.value as string)) return
  const found = findAnswers(part.value as string)
  if (found === undefined) return
  if (found.broken?.decides === true) {
    const { excerpt, denies: no } = found.broken
    decisions.push({ ...decisionOf(part, "strong", no), value: excerpt, atTop: false })
  }
  for (const { value } of found.answers)
    queue.push({ value, key: part.key, above: part, depth: part.depth + 1, texts: part.texts + 1 })
}

const decisionOf = (part: Part, weight: Weight | undefined, denies: boolean): Decision => ({
  path: pathOf(part),
  key: part.key,
  value: part.value,
  weight,
  atTop: part.depth === 1,
  denies
})

/** Dotted; a list's numbers as keys, the text that holds it as its own key. The outermost are left out where it is deep. */
const pathOf = (part: Part): string => {
  const keys: Array<string> = []
  let at: Part | undefined = part
  for (; at !== undefined && at.above !== undefined && keys.length < 8; at = at.above) {
    if (at.texts === at.above.texts && at.key !== "") keys.unshift(at.key)
  }
  return `${at?.above === undefined ? "" : "…"}${keys.join(".")}`
}

/** One is told; the others only help to find one that says no. */
const enough = 1000
const deepestText = 4
