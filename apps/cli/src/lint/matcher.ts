/** Matchers that can never match. */
import type { EventName, Hook } from "@tenterhook/core"

/** A matcher on the tool's name fits nothing where the event is about no tool. */
export const matcherRemark = ({ matcher, events }: Hook): string | null => {
  if (matcher === undefined || matcher.on !== "tool.name" || events === "*" || events.length === 0) return null
  const narrowed = events.filter((event) => matcher.only === undefined || matcher.only.includes(event))
  if (narrowed.length < events.length || matcher.test(undefined)) return null
  if (narrowed.some((event) => event.includes(":") || aboutTools.includes(event))) return null
  return `its matcher ${matcher.text} can never match: ${narrowed.join(", ")} is about no tool`
}

const aboutTools: ReadonlyArray<EventName> = [
  "pre_tool_use",
  "permission_request",
  "permission_denied",
  "post_tool_use",
  "post_tool_use_failure",
  "file_changed"
]
