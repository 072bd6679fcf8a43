/** The dialect of Wacht: tool calls around an agent's execution. Source: Wacht, Execution hooks. */
import {
  type Announcement,
  type ConfigSource,
  type Decoded,
  type Dialect,
  type End,
  failed,
  type Hook,
  type OutcomeReport,
  skipped,
  succeeded
} from "@tenterhook/core"
import { Effect, Predicate } from "effect"
import { peek } from "../config/Document.ts"
import { isPhase, loadConfig, phaseNames, phases, type WachtHook } from "./Config.ts"
import { inputOf, runIds } from "./Runtime.ts"

export const wacht: Dialect = {
  id: "wacht",
  title: "Wacht, execution hooks",
  modes: ["documented", "upstream"],
  events: Object.fromEntries(phaseNames.map((phase) => [phase, { event: phases[phase] }])),
  discover: () => Effect.succeed([]),
  recognizes: (source) => recognizes(source),
  load: (source, { mode }) => loadConfig(source, mode),
  encode: (hook: Hook<any>, fire) =>
    Effect.succeed({ action: { ...hook.action, args: inputOf(hook as WachtHook, fire) } }),
  decode: (hook: Hook<any>, fire, end) => decode(hook as WachtHook, () => inputOf(hook as WachtHook, fire), end),
  announce: (hook: Hook<any>, fire, outcome, at) => announce(hook as WachtHook, fire, outcome, at)
}

/** No step decides anything; what one came to is told in the conversation and in an event. */
const decode = (hook: WachtHook, input: () => unknown, end: End): Decoded => {
  const tool = hook.action.name
  if (end._tag === "reply") {
    const entry = jsonOf({ tool_name: tool, input: input(), output: end.value ?? null })
    if (entry !== null) return { outcome: succeeded({ context: [entry] }), decisive: false }
    const message = `Internal error: Hook tool '${tool}' returned what JSON cannot hold`
    return {
      outcome: failed("decode", [{ level: "warn", text: message }]),
      decisive: false,
      message
    }
  }
  const message = errorMessage(tool, end)
  if (end.reason === "unavailable" || (end.reason === "missing" && tool.startsWith(virtualPrefix))) {
    return { outcome: skipped("unavailable"), decisive: false, message: notConnected }
  }
  return {
    outcome: failed(end.reason, [{ level: "warn", text: end.reason === "missing" ? whereFrom(tool) : message }]),
    decisive: false,
    message
  }
}

/** Wacht's own message says that a tool is missing; the notice says what gives it here. */
const whereFrom = (tool: string): string =>
  fileTools.includes(tool)
    ? `${tool} needs a shared folder: --shared <folder> on the command line, tools: { folder } in createHooks`
    : `${tool} needs a server that has it: --tools <mcp.json> on the command line, tools: { servers } in createHooks`

/** Source: Wacht, execution hooks, file tools. */
const fileTools = ["read_file", "append_file"]

const jsonOf = (value: unknown): string | null => {
  try {
    return JSON.stringify(value)
  } catch {
    return null
  }
}

const errorMessage = (tool: string, { reason, message }: End & { readonly _tag: "failure" }): string => {
  if (reason === "missing") return `Bad request: Hook tool '${tool}' is not in the agent's catalog`
  if (reason === "timeout") return `Internal error: Hook tool '${tool}' timed out after 60s`
  return message
}

const virtualPrefix = "v_"
const notConnected = "virtual tool not connected for this actor"

const announce = (
  hook: WachtHook,
  fire: Parameters<NonNullable<Dialect["announce"]>>[1],
  outcome: OutcomeReport,
  at: number
): ReadonlyArray<Announcement> => {
  const { phase, step } = hook.ext
  const status = outcome.status
  const told =
    status === "succeeded"
      ? { output: outcome.output }
      : status === "failed"
        ? { error_message: outcome.message }
        : { reason: outcome.message }
  const data = {
    ...runIds(fire.context),
    hook_kind: phase,
    status,
    tool_name: hook.action.name,
    step_index: step,
    timestamp: new Date(at).toISOString(),
    input: inputOf(hook, fire),
    ...told
  }
  return [{ type: `agent.${phase}_hook.${status}`, data }]
}

/** An object of phases under `hooks`, whose steps name tools. */
const recognizes = (source: ConfigSource): boolean => {
  const document = peek(source)
  if (!Predicate.isObject(document)) return false
  const hooks = (document as Record<string, unknown>)["hooks"]
  if (!Predicate.isObject(hooks) || Array.isArray(hooks)) return false
  const known = Object.entries(hooks).filter(([key]) => isPhase(key))
  return (
    known.length > 0 &&
    known.every(([, steps]) => Array.isArray(steps) && steps.every((step) => Predicate.hasProperty(step, "tool_name")))
  )
}
