/** Words of other products' configs for what native calls otherwise, too far from ours to be found by their letters. */
import { canonicalEvents } from "@tenterhook/core"
import { unknownText } from "../config/Document.ts"
import { plainWord } from "../config/nearest.ts"

/** The native key of a hook that another product's word stands for. */
export const meantKey = (key: string, hook: Readonly<Record<string, unknown>>): string | undefined => {
  const word = plainWord(key)
  // A tool's name says what a hook calls, or for which tools it runs.
  if (word === "tool_name" || word === "tool_names")
    return actions.some((one) => Object.hasOwn(hook, one)) ? "tool" : "call"
  return keys.get(word)
}

/** `unknown event "BeforeTool"; did you mean "pre_tool_use"?` */
export const unknownEvent = (name: string): string => {
  const meant = events.get(plainWord(name))
  if (meant !== undefined) return `unknown event "${name}"; did you mean "${meant}"?`
  const text = unknownText("event", name, canonicalEvents)
  return text.includes("did you mean") ? text : `${text}; an event of your own is <namespace>:<name>`
}

const actions = ["run", "post", "action", "command"]

const wordsFor = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(table).flatMap(([ours, theirs]) => theirs.split(" ").map((word) => [word, ours] as const)))

const keys = wordsFor({
  on: "event events trigger triggers hook hook_event hook_event_name phase",
  tool: "matcher matchers tools",
  when: "if condition conditions filter",
  run: "command commands cmd script shell bash exec",
  call: "call_tool",
  post: "url webhook http endpoint",
  with: "args arguments input params parameters",
  timeout: "timeout_ms timeout_sec timeout_secs timeout_seconds timeout_in_seconds time_limit deadline",
  onFailure: "fail_closed fail_open fail_mode failure_mode failure_policy on_error blocking",
  enabled: "disabled disable",
  env: "environment env_vars variables vars",
  cwd: "working_dir working_directory work_dir workdir dir directory folder",
  name: "id title label",
  description: "comment note notes"
})

const events = wordsFor({
  pre_tool_use:
    "before_tool before_tool_use before_tool_call tool_call tool_execute_before pre_tool pre_run_command pre_mcp_tool_use before_shell_execution before_mcp_execution before_read_file",
  post_tool_use:
    "after_tool after_tool_use after_tool_call tool_result tool_execute_after post_tool post_run_command post_mcp_tool_use after_shell_execution after_mcp_execution after_file_edit",
  user_prompt_submit:
    "user_prompt user_prompt_submitted before_submit_prompt pre_user_prompt before_agent prompt_submit",
  pre_model_request: "before_llm before_model pre_llm pre_prompt before_model_call",
  post_model_response: "after_llm after_model post_llm post_response after_model_call",
  assistant_response: "after_agent_response",
  pre_compact: "pre_compress context_compact before_compact",
  session_start: "agent_spawn session_created",
  stop: "after_agent agent_stop session_idle",
  execution_start: "pre_execution pre_execute pre_run before_run",
  execution_end: "post_execution post_execute post_run after_run",
  budget_exhausted: "on_budget_exhausted",
  config_changed: "config_change",
  cwd_changed: "cwd_change"
})
