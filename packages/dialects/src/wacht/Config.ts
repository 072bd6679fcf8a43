/** The `hooks` object of a Wacht agent: checked as Wacht checks it when an agent is saved. */
import {
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  defaultPolicy,
  type EventName,
  type Hook,
  hookName,
  type HookSet,
  type LoadNotice,
  named,
  type ToolAction
} from "@tenterhook/core"
import { Effect, Predicate } from "effect"
import {
  type ConfigPath,
  type Document,
  keyNoticeAt,
  problemAt,
  readDocument,
  show,
  unknownKeys,
  unknownText
} from "../config/Document.ts"

/** A hook that calls a tool; `phase` and `step` are what Wacht's events call it by. */
export interface WachtHook extends Hook<ToolAction> {
  readonly ext: { readonly phase: Phase; readonly step: number }
}

/** The phases that upstream knows; its guide documents the first two. */
export const phases = {
  execution_start: "execution_start",
  execution_end: "execution_end",
  before_llm: "pre_model_request",
  after_llm: "post_model_response",
  before_tool: "pre_tool_use",
  after_tool: "post_tool_use",
  on_budget_exhausted: "budget_exhausted"
} as const satisfies Record<string, EventName>
export type Phase = keyof typeof phases

export const phaseNames = Object.keys(phases) as ReadonlyArray<Phase>

/** A minute a step, not configurable. Source: Wacht, Execution hooks, "Timeouts and outcomes". */
export const stepTimeoutMs = 60_000

/** A whole agent, or the `hooks` object alone where it was given in code. */
export const loadConfig = Effect.fnUntraced(function* (source: ConfigSource, mode: string) {
  const document = yield* readDocument("wacht", source)
  const { path, value } = hooksIn(document)
  if (value === undefined || value === null) return setOf(document, mode, [], misspeltHooks(document))
  if (!Predicate.isObject(value)) {
    const text = `expected an object with ${phaseNames.slice(0, 2).join(" and ")}, got ${show(value)}`
    return yield* new ConfigError({ dialect: "wacht", problems: [problemAt(document, path, text)] })
  }
  const notices: Array<LoadNotice> = []
  const problems: Array<ConfigProblem> = []
  const hooks: Array<WachtHook> = []
  for (const [key, steps] of Object.entries(value)) {
    if (!isPhase(key)) {
      notices.push(keyNoticeAt(document, [...path, key], unknownText("phase", key, phaseNames)))
      continue
    }
    const read = readSteps(document, [...path, key], key, steps, mode)
    problems.push(...read.problems)
    hooks.push(...read.hooks)
    notices.push(...read.notices)
  }
  if (problems.length > 0) return yield* new ConfigError({ dialect: "wacht", problems })
  hooks.sort((a, b) => phaseNames.indexOf(a.ext.phase) - phaseNames.indexOf(b.ext.phase))
  return setOf(document, mode, hooks, notices)
})

export const isPhase = (key: string): key is Phase => Object.hasOwn(phases, key)

const hooksIn = (document: Document): { readonly path: ConfigPath; readonly value: unknown } => {
  const { value } = document
  if (!Predicate.isObject(value)) return { path: [], value }
  if (Object.hasOwn(value, "hooks")) return { path: ["hooks"], value: (value as Record<string, unknown>)["hooks"] }
  // An agent without hooks has none; a bare object of phases is the hooks themselves.
  return Object.keys(value).some(isPhase) ? { path: [], value } : { path: [], value: undefined }
}

const readSteps = (document: Document, path: ConfigPath, phase: Phase, steps: unknown, mode: string) => {
  const problems: Array<ConfigProblem> = []
  const hooks: Array<WachtHook> = []
  const notices: Array<LoadNotice> = []
  if (steps === undefined || steps === null) return { problems, hooks, notices }
  if (!Array.isArray(steps)) {
    problems.push(problemAt(document, path, `expected a list of steps, got ${show(steps)}`))
    return { problems, hooks, notices }
  }
  steps.forEach((step: unknown, index) => {
    const at = [...path, index]
    const where = `hooks.${phase}[${index}]`
    if (!Predicate.isObject(step)) {
      problems.push(problemAt(document, at, `expected a step: an object with tool_name and args, got ${show(step)}`))
      return
    }
    notices.push(...unknownKeys(document, at, step, stepKeys))
    const { tool_name: toolName, args } = step as Record<string, unknown>
    const name = checkName(document, at, where, toolName, problems)
    const input = checkArgs(document, at, where, phase, args, mode, problems)
    if (name === undefined || input === undefined) return
    hooks.push({
      name: hookName(`${phase}[${index}]`),
      index,
      events: [phases[phase]],
      nativeEvent: phase,
      action: { kind: "tool", name, args: input },
      timeoutMs: stepTimeoutMs,
      onFailure: "continue",
      enabled: true,
      source: { file: document.file, line: document.place(at).line },
      ext: { phase, step: index }
    })
  })
  return { problems, hooks, notices }
}

const stepKeys = ["tool_name", "args"]

/** An agent has many keys that are not ours; one that is written nearly as `hooks` was probably meant to be it. */
const misspeltHooks = (document: Document): ReadonlyArray<LoadNotice> => {
  const { value } = document
  if (!Predicate.isObject(value) || Object.hasOwn(value, "hooks")) return []
  return Object.keys(value)
    .filter((key) => nearlyHooks.test(key))
    .map((key) => keyNoticeAt(document, [key], `unknown key "${key}"; did you mean "hooks"?`))
}

const nearlyHooks = /^(?:(?:agent|execution)[-_]?)?h[ok]{2,4}s?$/i

const checkName = (
  document: Document,
  at: ConfigPath,
  where: string,
  name: unknown,
  problems: Array<ConfigProblem>
) => {
  if (typeof name === "string" && name.trim() !== "") return name
  const came = typeof name === "string" || name === undefined ? "" : "; expected a text"
  problems.push(
    problemAt(document, [...at, "tool_name"], `${where}.tool_name must not be empty${came}, got ${show(name)}`)
  )
  return undefined
}

/** Upstream checks `args` of the two documented phases only, and wraps what is no object in the others when it runs them. */
const checkArgs = (
  document: Document,
  at: ConfigPath,
  where: string,
  phase: Phase,
  args: unknown,
  mode: string,
  problems: Array<ConfigProblem>
): Record<string, unknown> | undefined => {
  if (args === undefined || args === null) return {}
  if (Predicate.isObject(args) && !Array.isArray(args)) return args as Record<string, unknown>
  if (mode === "upstream" && phase !== "execution_start" && phase !== "execution_end") return { value: args }
  problems.push(problemAt(document, [...at, "args"], `${where}.args must be a JSON object, got ${show(args)}`))
  return undefined
}

const setOf = (
  document: Document,
  mode: string,
  hooks: ReadonlyArray<WachtHook>,
  notices: ReadonlyArray<LoadNotice>
): HookSet => ({ dialect: "wacht", mode, file: document.file, hooks, policy: defaultPolicy, trust: named, notices })
