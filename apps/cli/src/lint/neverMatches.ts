/** Matchers that no occurrence of their events can fit. */
import { type EventContext, isCanonicalEvent } from "@tenterhook/core"
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
    (event) =>
      isCanonicalEvent(event) && whereFound[root]?.includes(event) === false && (matcher.only?.includes(event) ?? true)
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

/** The events that have each part of the context. Parts that any event may have are not listed. */
const whereFound: Partial<Record<keyof EventContext, ReadonlyArray<string>>> = {
  tool: [
    "pre_tool_use",
    "permission_request",
    "permission_denied",
    "post_tool_use",
    "post_tool_use_failure",
    "file_changed"
  ],
  prompt: ["user_prompt_submit"],
  request: ["pre_model_request"],
  response: ["post_model_response", "assistant_response"],
  suggestions: ["permission_request"],
  result: ["post_tool_use"],
  tools: ["post_tool_batch"],
  lastMessage: ["stop", "subagent_stop"],
  trigger: ["pre_compact", "post_compact"],
  summary: ["post_compact"],
  source: ["session_start", "config_changed"],
  outcome: ["execution_end"],
  budget: ["budget_exhausted"],
  resultsPath: ["post_evaluation"],
  kind: ["notification"]
}
