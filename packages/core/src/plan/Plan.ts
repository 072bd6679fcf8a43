/** Which hooks run for an event, in which order, and why the others do not. */
import { Schema } from "effect"
import type { EventName, HookEvent } from "../event/Event.ts"
import type { EventContext } from "../event/EventContext.ts"
import type { Action, Hook } from "../hook/Hook.ts"
import type { HookSet } from "../hook/HookSet.ts"
import { valueAt } from "../hook/Matcher.ts"
import type { Policy } from "../hook/Policy.ts"
import { describeAction, ShellAction } from "../run/Action.ts"
import { indexOf } from "./HookIndex.ts"

/** The hooks of one set that run for an event. */
export interface SetPlan {
  readonly set: HookSet
  readonly policy: Policy
  readonly hooks: ReadonlyArray<Hook>
}

/** The sets that have hooks to run for an event, in the order given. Empty for most events. */
export const planner = (sets: ReadonlyArray<HookSet>) => {
  const fixed = sets.map((set) => ({ set, index: indexOf(set) }))
  return (event: EventName, context: EventContext): ReadonlyArray<SetPlan> => {
    let plans: Array<SetPlan> | undefined
    for (const configured of fixed) {
      const set = configured.set.at === undefined ? configured.set : configured.set.at(context)
      const index = set === configured.set ? configured.index : indexOf(set)
      const candidates = index.candidates(event, context.tool?.name)
      if (candidates.length > 0) plans = addPlan(plans, set, candidates, event, context)
    }
    return plans ?? nothing
  }
}

const nothing: ReadonlyArray<SetPlan> = []

const addPlan = (
  plans: Array<SetPlan> | undefined,
  set: HookSet,
  candidates: ReadonlyArray<Hook>,
  event: EventName,
  context: EventContext
) => {
  const policy = policyFor(set, event)
  const fitting = candidates.filter((hook) => mismatch(hook, event, context) === null)
  if (fitting.length === 0) return plans
  const hooks = withoutDuplicates(policy, fitting)
  return [...(plans ?? []), { set, policy, hooks }]
}

/** Everything about an event and a set of configs that a person may ask: `tenterhook explain`. */
export interface Explanation {
  readonly event: EventName
  readonly class: HookEvent["class"]
  readonly sets: ReadonlyArray<SetExplanation>
}

export interface SetExplanation {
  readonly dialect: string
  readonly mode: string
  readonly file: string | null
  readonly trust: HookSet["trust"]["_tag"]
  readonly policy: Policy
  readonly hooks: ReadonlyArray<HookExplanation>
}

export interface HookExplanation {
  readonly hook: string
  readonly source: Hook["source"]
  /** Its event as the config spells it. */
  readonly on: string
  readonly matcher: string | null
  readonly condition: string | null
  readonly adapter: string
  readonly does: string
  /** Absolute: where its command starts. Null where it does not run, is no command, or a value is missing. */
  readonly startsIn: string | null
  /** Null for none. */
  readonly timeoutMs: number | null
  readonly onFailure: Hook["onFailure"]
  readonly enabled: boolean
  /** Whether it runs for this event, and why, or why not. */
  readonly runs: boolean
  readonly why: string
  /** Its place among those that run, over all sets, from 1. */
  readonly order: number | null
}

/** `encode` fills in a hook's action for this event; null where that fails. */
export const explain = (
  sets: ReadonlyArray<HookSet>,
  event: HookEvent,
  context: EventContext,
  encode: (hook: Hook, set: HookSet) => Action | null
): Explanation => {
  let order = 0
  const explainSet = (configured: HookSet): SetExplanation => {
    const set = configured.at?.(context) ?? configured
    const policy = policyFor(set, event.name)
    const seen = new Map<string, string>()
    const explainHook = (hook: Hook): HookExplanation => {
      let why = exclusion(hook, event.name, context)
      if (why === null && set.trust._tag === "untrusted") why = `not trusted: ${set.trust.why}`
      if (why === null && policy.dedupe === "action") {
        const key = actionKey(hook)
        const first = seen.get(key)
        if (first !== undefined) why = `same action as ${first}`
        else seen.set(key, hook.name)
      }
      const runs = why === null
      return {
        hook: hook.name,
        source: hook.source,
        on: hook.nativeEvent,
        matcher: hook.matcher?.text ?? null,
        condition: hook.condition?.text ?? null,
        adapter: hook.action.kind,
        does: describeAction(hook.action),
        startsIn: runs ? startOf(encode(hook, set), context) : null,
        timeoutMs: Number.isFinite(hook.timeoutMs) ? hook.timeoutMs : null,
        onFailure: hook.onFailure,
        enabled: hook.enabled,
        runs,
        why: why ?? fitsBecause(hook, event.name, context),
        order: runs ? ++order : null
      }
    }
    return {
      dialect: set.dialect,
      mode: set.mode,
      file: set.file,
      trust: set.trust._tag,
      policy,
      hooks: set.hooks.map(explainHook)
    }
  }
  return { event: event.name, class: event.class, sets: sets.map(explainSet) }
}

const startOf = (action: Action | null, context: EventContext): string | null =>
  Schema.is(ShellAction)(action) ? (action.cwd ?? context.cwd ?? null) : null

/** The policy of a set for an event. */
export const policyFor = (set: HookSet, event: EventName): Policy => set.policies?.[event] ?? set.policy

/** Why a hook does not run for an event, or null. */
/** Whether a hook does not run, and would look at the tool that the context lacks. */
export const skipsForLackOfTool = (sets: ReadonlyArray<HookSet>, event: EventName, context: EventContext): boolean =>
  sets
    .flatMap((set) => (set.at?.(context) ?? set).hooks)
    .some((hook) => {
      const { matcher, condition, ...bare } = hook
      if (exclusion(bare, event, context) !== null || mismatch(hook, event, context) === null) return false
      return matcher?.on.startsWith("tool.") === true || /\btool\b/.test(condition?.text ?? "")
    })

const exclusion = (hook: Hook, event: EventName, context: EventContext): string | null => {
  if (hook.events !== "*" && !hook.events.includes(event)) {
    return hook.events.length === 0
      ? `its event "${hook.nativeEvent}" never happens here`
      : `it is for ${hook.nativeEvent}`
  }
  if (!hook.enabled) return "it is disabled"
  return mismatch(hook, event, context)
}

const mismatch = (hook: Hook, event: EventName, context: EventContext): string | null => {
  const { matcher, condition } = hook
  if (matcher !== undefined && (matcher.only === undefined || matcher.only.includes(event))) {
    const value = valueAt(context, matcher.on)
    if (!matcher.test(value)) {
      return value === undefined
        ? `its matcher ${matcher.text} needs ${matcher.on}, which this event does not have`
        : `its matcher ${matcher.text} does not match ${matcher.on} "${value}"`
    }
  }
  if (condition !== undefined && !condition.test(context)) return `its condition does not hold: ${condition.text}`
  return null
}

const fitsBecause = (hook: Hook, event: EventName, context: EventContext): string => {
  const { matcher } = hook
  if (matcher === undefined) return `it is for ${hook.nativeEvent}`
  if (matcher.only !== undefined && !matcher.only.includes(event))
    return `it is for ${hook.nativeEvent}; its matcher does not apply there`
  const value = valueAt(context, matcher.on)
  return value === undefined
    ? `its matcher ${matcher.text} fits`
    : `its matcher ${matcher.text} matches ${matcher.on} "${value}"`
}

const withoutDuplicates = (policy: Policy, hooks: ReadonlyArray<Hook>): ReadonlyArray<Hook> => {
  if (policy.dedupe === "none" || hooks.length < 2) return hooks
  const seen = new Set<string>()
  return hooks.filter((hook) => {
    const key = actionKey(hook)
    return !seen.has(key) && seen.add(key)
  })
}

/** Two functions are never the same action: they are told apart by their hook's name. */
const actionKey = (hook: Hook): string =>
  hook.action.kind === "function" ? `function ${hook.name}` : JSON.stringify(hook.action)
