/** The canonical events: their names, and the class that fixes what a hook may do at each. */
import type { EventContext } from "./EventContext.ts"

/**
 * What a hook may do at an event.
 * `gate`: give a verdict; `loop`: make the agent go on working; `transform`: replace what flows on;
 * `observe`: add context and notices, nothing else.
 */
export type EventClass = "gate" | "loop" | "transform" | "observe"

/** A canonical event name, or `<namespace>:<name>` for one that a host declares itself. */
export type EventName = CanonicalEvent | `${string}:${string}`

export type CanonicalEvent = keyof typeof classes

/** One occurrence: what happened, and what a hook may do about it. */
export interface HookEvent {
  readonly name: EventName
  readonly class: EventClass
}

/** What a rewrite may replace. */
export type RewriteTarget = "input" | "output" | "prompt" | "response"

const classes = {
  session_start: "observe",
  session_end: "observe",
  user_prompt_submit: "gate",
  pre_model_request: "transform",
  post_model_response: "transform",
  assistant_response: "observe",
  pre_tool_use: "gate",
  permission_request: "gate",
  permission_denied: "observe",
  post_tool_use: "transform",
  post_tool_use_failure: "observe",
  post_tool_batch: "loop",
  stop: "loop",
  subagent_stop: "loop",
  stop_failure: "observe",
  interrupt: "observe",
  subagent_start: "observe",
  pre_compact: "gate",
  post_compact: "observe",
  notification: "observe",
  file_changed: "observe",
  cwd_changed: "observe",
  config_changed: "observe",
  task_created: "gate",
  task_completed: "gate",
  execution_start: "gate",
  execution_end: "observe",
  budget_exhausted: "observe",
  post_evaluation: "observe"
} as const satisfies Record<string, EventClass>

/** Every canonical name, in the order of the documentation. */
export const canonicalEvents = Object.keys(classes) as ReadonlyArray<CanonicalEvent>

export const isCanonicalEvent = (name: string): name is CanonicalEvent => Object.hasOwn(classes, name)

const namespaced = /^[A-Za-z0-9_.-]+:[A-Za-z0-9_.:/-]+$/

/** Canonical, or of the form `<namespace>:<name>`. */
export const isEventName = (name: string): name is EventName => isCanonicalEvent(name) || namespaced.test(name)

/** The class of an event; a namespaced one observes unless its host declared otherwise. */
export const classOf = (name: EventName): EventClass => (isCanonicalEvent(name) ? classes[name] : "observe")

const targets: Partial<Record<CanonicalEvent, ReadonlyArray<RewriteTarget>>> = {
  user_prompt_submit: ["prompt"],
  pre_model_request: ["input", "prompt"],
  post_model_response: ["response", "output"],
  pre_tool_use: ["input"],
  permission_request: ["input"],
  post_tool_use: ["output"],
  execution_start: ["input"]
}

/** What a hook may replace at an event; nothing where only its outcome is observed. */
export const rewriteTargets = (event: HookEvent): ReadonlyArray<RewriteTarget> =>
  isCanonicalEvent(event.name)
    ? (targets[event.name] ?? [])
    : event.class === "observe"
      ? []
      : ["input", "output", "prompt", "response"]

/** The tool that an event is about, if it is about one. */
export const toolName = (context: EventContext): string | undefined => context.tool?.name
