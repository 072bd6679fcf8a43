/** One table of the canonical events. Classes, rewrite targets, context types, lint rules and docs/events.md derive from it. */
import type { EventClass, RewriteTarget } from "./Event.ts"
import type { EventContext } from "./EventContext.ts"

/** What is fixed about one canonical event. */
export interface EventFacts {
  readonly class: EventClass
  /** When it happens. */
  readonly description: string
  /** The context keys that describe what happened, beside those that any event may have (`sharedContextKeys`). */
  readonly keys: ReadonlyArray<keyof EventContext>
  /** Of these keys, the ones that the event cannot do without. Default: none. */
  readonly requires?: ReadonlyArray<keyof EventContext>
  /** What a rewrite may replace. The first is the default target. Default: nothing. */
  readonly rewrites?: ReadonlyArray<RewriteTarget>
}

/** By canonical name, in the order of the documentation. */
export const eventFacts = {
  session_start: {
    class: "observe",
    description: "A session starts; `source` is startup, resume, clear, compact or fork.",
    keys: ["source"]
  },
  session_end: { class: "observe", description: "A session ends, and why.", keys: ["reason"] },
  user_prompt_submit: {
    class: "gate",
    description: "A person submitted a prompt; the model has not received it yet.",
    keys: ["prompt"],
    rewrites: ["prompt"]
  },
  pre_model_request: {
    class: "transform",
    description: "A request is ready for the model and is not sent yet.",
    keys: ["request"],
    rewrites: ["input", "prompt"]
  },
  post_model_response: {
    class: "transform",
    description: "The model responded; the agent has not used the response yet.",
    keys: ["response"],
    rewrites: ["response", "output"]
  },
  assistant_response: {
    class: "observe",
    description: "The final text of a turn is complete.",
    keys: ["response"]
  },
  pre_tool_use: {
    class: "gate",
    description: "A tool call is about to run.",
    keys: ["tool"],
    requires: ["tool"],
    rewrites: ["input"]
  },
  permission_request: {
    class: "gate",
    description: "The agent is about to ask a person for permission; `suggestions` are the rules it would offer.",
    keys: ["tool", "suggestions"],
    requires: ["tool"],
    rewrites: ["input"]
  },
  permission_denied: {
    class: "observe",
    description: "A tool call was denied, and why.",
    keys: ["tool", "reason"],
    requires: ["tool"]
  },
  post_tool_use: {
    class: "transform",
    description: "A tool call succeeded; the model has not received its result yet.",
    keys: ["tool", "result"],
    requires: ["tool"],
    rewrites: ["output"]
  },
  post_tool_use_failure: {
    class: "observe",
    description: "A tool call failed.",
    keys: ["tool", "error"],
    requires: ["tool"]
  },
  post_tool_batch: {
    class: "loop",
    description: "All tool calls of one model response are over.",
    keys: ["tools"]
  },
  stop: {
    class: "loop",
    description: "The agent is about to end its turn; a hook can make it resume work.",
    keys: ["lastMessage", "alreadyResumed"]
  },
  subagent_stop: {
    class: "loop",
    description: "A subagent is about to end its turn; a hook can make it resume work.",
    keys: ["lastMessage", "alreadyResumed"]
  },
  stop_failure: { class: "observe", description: "A turn ended with an error.", keys: ["error"] },
  interrupt: { class: "observe", description: "A person interrupted the turn.", keys: [] },
  subagent_start: { class: "observe", description: "A subagent starts; `agent` is the subagent.", keys: [] },
  pre_compact: {
    class: "gate",
    description: "The conversation is about to be compacted; `trigger` is manual or auto.",
    keys: ["trigger", "instructions"]
  },
  post_compact: {
    class: "observe",
    description: "The conversation was compacted.",
    keys: ["trigger", "summary"]
  },
  notification: {
    class: "observe",
    description: "The agent notifies a person.",
    keys: ["kind", "title", "message"]
  },
  file_changed: {
    class: "observe",
    description: "A file changed; `tool` is the tool call that changed it, if any.",
    keys: ["filePath", "change", "tool"]
  },
  cwd_changed: { class: "observe", description: "The working folder changed.", keys: ["from", "to"] },
  config_changed: {
    class: "observe",
    description: "The agent's configuration changed.",
    keys: ["source", "filePath"]
  },
  task_created: { class: "gate", description: "A task is about to be created; `task` is the task.", keys: [] },
  task_completed: { class: "gate", description: "A task is about to be marked complete.", keys: [] },
  execution_start: {
    class: "gate",
    description: "A whole run of an agent is about to start.",
    keys: ["input"],
    rewrites: ["input"]
  },
  execution_end: {
    class: "observe",
    description: "A whole run of an agent ended; `outcome` is success, error, aborted or budget_exhausted.",
    keys: ["outcome", "error", "output"]
  },
  budget_exhausted: { class: "observe", description: "A budget is used up.", keys: ["budget"] },
  post_evaluation: {
    class: "observe",
    description: "An evaluation of an agent's work is complete.",
    keys: ["results", "resultsPath", "status"]
  }
} as const satisfies Record<string, EventFacts>

/** The context keys that any event may have: who acts, and where. Namespaced events keep their data in `extra`. */
export const sharedContextKeys = [
  "sessionId",
  "rootSessionId",
  "executionId",
  "threadId",
  "turnId",
  "agent",
  "cwd",
  "projectDir",
  "model",
  "permissionMode",
  "transcriptPath",
  "task",
  "host",
  "env",
  "extra"
] as const satisfies ReadonlyArray<keyof EventContext>
