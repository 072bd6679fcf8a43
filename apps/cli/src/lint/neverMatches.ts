/** Matchers that no occurrence of their events can fit. */
import { type EventContext, isCanonicalEvent, mayHave } from "@tenterhook/core"
import { isTold, type Rule } from "./Finding.ts"

export const neverMatches: Rule = (subject) => {
  const { hook, set } = subject
  const { matcher, events } = hook
  if (matcher === undefined) return []
  const { literals } = matcher
  if (literals !== undefined && literals.length === 0) return [`its matcher ${matcher.text} can never match`]
  if (matcher.on === "tool.name" && literals !== undefined) {
    const odd = literals.filter((name) => !toolLike.test(name))
    if (odd.length === literals.length)
      return [
        `its matcher ${matcher.text} can never match: no tool is called ${JSON.stringify(odd[0])}${hintFor(odd[0]!)}`
      ]
  }
  if (events === "*" || isTold(subject, /never runs/) || matcher.test(undefined)) return []
  const root = matcher.on.split(".")[0] as keyof EventContext
  const without = events.filter(
    (event) => isCanonicalEvent(event) && !mayHave(event, root) && (matcher.only?.includes(event) ?? true)
  )
  if (without.length === 0 || without.length < events.length) return []
  return [
    `its matcher ${matcher.text} can never match: ${set.dialect === "native" ? without.join(", ") : hook.nativeEvent} has no ${matcher.on}`
  ]
}

const toolLike = /^[\p{L}\p{N}_.:/@+-]+(?:\([^)]*\))?$/u

const hintFor = (name: string): string => {
  if (name !== name.trim()) return "; there is white space around it"
  if (name.includes("|") || name.includes(",")) return "; this pattern has no alternatives, so make a hook for each"
  return /[\\^$()+]/.test(name) ? "; this pattern is no regular expression" : ""
}
