/** What a context must have for its event. A hook that matches on a missing value would silently not run. */
import { type EventName, factsOf, isCanonicalEvent } from "./Event.ts"
import { type EventContext, InvalidContext } from "./EventContext.ts"

/** Every required value that a context of this event lacks, with the key that was probably meant; null for none. */
export const lackOf = (event: EventName, context: object): InvalidContext | null => {
  const required = isCanonicalEvent(event) ? factsOf(event).requires : undefined
  const missing = required?.filter((key) => !isPresent(context, key))
  if (missing === undefined || missing.length === 0) return null
  const problems = missing.map((key) => {
    const path = key === "tool" ? "tool.name" : key
    const mistaken = Object.keys(context).find((given) => canonicalPath(given) === path)
    const meant = mistaken === undefined ? "" : `; unknown key "${mistaken}": did you mean ${path}?`
    return { path, text: `${event} requires it${meant}` }
  })
  return new InvalidContext({ problems })
}

/** Whether a context has nothing but what the SDK, the server and an execution add by themselves. */
export const saysNothing = (context: object): boolean => Object.keys(context).every((key) => added.has(key))

/** Where a context has the value that other products' hooks get under this key: `tool_name` is `tool.name`. */
export const canonicalPath = (key: string): string | undefined => (Object.hasOwn(paths, key) ? paths[key] : undefined)

const isPresent = (context: object, key: keyof EventContext) => {
  const value = (context as EventContext)[key]
  return key === "tool" ? Boolean((context as EventContext).tool?.name) : value !== undefined && value !== null
}

const added: ReadonlySet<string> = new Set(["cwd", "env", "executionId", "agent", "extra"])

/** Source: what Claude Code, Gemini CLI, Codex and Cursor give their hooks. */
const paths: Readonly<Record<string, string>> = {
  tool_name: "tool.name",
  toolName: "tool.name",
  name: "tool.name",
  tool_input: "tool.input",
  toolInput: "tool.input",
  arguments: "tool.input",
  args: "tool.input",
  command: "tool.input.command",
  tool_use_id: "tool.callId",
  tool_response: "result.output",
  tool_output: "result.output",
  user_prompt: "prompt",
  conversation_id: "sessionId",
  last_assistant_message: "lastMessage",
  stop_hook_active: "alreadyResumed"
}
