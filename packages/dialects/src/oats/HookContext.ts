/** What a hook of oats is told: eleven keys, always all of them, null where there is no value. Source: oats, HookContext. */
import type { Fire } from "@tenterhook/core"
import { excerpt } from "./PythonText.ts"

export interface HookContext {
  readonly session_id: string | null
  readonly event: string
  readonly tool_name: string | null
  readonly tool_args: unknown
  readonly tool_result_output: string | null
  readonly tool_result_error: string | null
  readonly user_prompt: string | null
  readonly assistant_response: string | null
  readonly root_session_id: string | null
  readonly file_path: string | null
  readonly working_dir: string | null
}

/** Throws where a value of the context cannot be written as JSON. */
export const hookContextOf = ({ event, context, mode }: Fire): HookContext => ({
  session_id: context.sessionId ?? null,
  event: event.name,
  tool_name: context.tool?.name ?? null,
  tool_args: event.name === "file_changed" ? null : (context.tool?.input ?? null),
  tool_result_output: resultText(context.result?.output, mode),
  tool_result_error: textOrJson(context.result?.error),
  user_prompt: context.prompt ?? null,
  assistant_response: textOrJson(context.response),
  root_session_id: context.rootSessionId ?? (withoutRoot.includes(event.name) ? null : (context.sessionId ?? null)),
  file_path: context.filePath ?? null,
  working_dir: context.cwd ?? null
})

/** The events at which upstream names no root session; at the others a session without one is its own root. */
const withoutRoot: ReadonlyArray<string> = ["session_start", "user_prompt_submit"]

/** Upstream hands on the first 1000 characters, and null for nothing. */
const resultText = (output: unknown, mode: string): string | null => {
  const text = textOrJson(output)
  return text === null || mode !== "upstream" ? text : text === "" ? null : excerpt(text, 1000)
}

const textOrJson = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  if (typeof value === "string") return value
  return value instanceof Error ? value.message : (JSON.stringify(value) ?? null)
}
