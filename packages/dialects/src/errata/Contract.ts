/** The contract of errata's Go package: `MatchesEvent`, `WithHooks`, `HooksFromContext`, `Run`. Source: errata, package hooks. */
import type { EventContext, FireReport } from "@tenterhook/core"
import { type ErrataHook, errataEvents, toolEvents, toolMatcher } from "./Config.ts"

export type ErrataEvent = keyof typeof errataEvents

/** Variables for the command: `$NAME`. */
export type ErrataEnv = Readonly<Record<string, string>>

/** What goes with a call, as Go's `context.Context` does: hooks, and a signal that cancels. */
export interface ErrataContext {
  readonly signal?: AbortSignal
  readonly [hooksKey]?: ReadonlyArray<ErrataHook>
}

/** What one hook came to. */
export interface HookResult {
  readonly name: string
  readonly stdout: string
  readonly stderr: string
  /** The command's own; -1 where it gave none: late, killed, cancelled, or never started. */
  readonly exitCode: number
  readonly durationMs: number
  readonly timedOut: boolean
}

/** Whether a hook fires for an event and a tool's name; the name matters at `pre_tool_use` and `post_tool_use` alone. */
export const matchesEvent = (hook: ErrataHook, event: ErrataEvent, toolName: string): boolean => {
  if (hook.enabled === false || hook.event !== event) return false
  const { matcher } = hook
  if (matcher === undefined || matcher === null || matcher === "") return true
  return !(toolEvents as ReadonlyArray<string>).includes(event) || toolMatcher(matcher).test(toolName) !== false
}

/** A context that carries the hooks; the one given stays as it is. */
export const withHooks = (context: ErrataContext, hooks: ReadonlyArray<ErrataHook>): ErrataContext => ({
  ...context,
  [hooksKey]: hooks
})

/** Undefined where the context carries none. */
export const hooksFromContext = (context: ErrataContext): ReadonlyArray<ErrataHook> | undefined => context[hooksKey]

/** Runs all hooks that match, one after the other in definition order: one result for each that ran. */
export type Run = (
  context: ErrataContext,
  hooks: ReadonlyArray<ErrataHook> | undefined,
  event: ErrataEvent,
  toolName?: string,
  env?: ErrataEnv
) => Promise<ReadonlyArray<HookResult>>

/** Fires an event at hooks of this dialect, given in code. */
export type FireHooks = (
  hooks: ReadonlyArray<ErrataHook>,
  event: ErrataEvent,
  context: EventContext,
  options: { readonly signal?: AbortSignal }
) => Promise<FireReport>

/** The whole contract, on an engine that somebody else brings. */
export const makeErrata = ({ fire }: { readonly fire: FireHooks }) => {
  const run: Run = async (context, hooks, event, toolName = "", env = {}) => {
    if (hooks === undefined || !hooks.some((hook) => matchesEvent(hook, event, toolName))) return []
    const { signal } = context
    const report = await fire(
      hooks,
      event,
      { ...(toolName === "" ? {} : { tool: { name: toolName } }), extra: { env } },
      signal === undefined ? {} : { signal }
    )
    return report.outcomes.map(({ hook, stdout, stderr, exitCode, durationMs, timedOut }) => ({
      name: hook,
      stdout,
      stderr,
      exitCode: exitCode ?? -1,
      durationMs,
      timedOut
    }))
  }
  return { matchesEvent, withHooks, hooksFromContext, run }
}

const hooksKey: unique symbol = Symbol("@tenterhook/dialects/errata/hooks")
