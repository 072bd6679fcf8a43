/** Which hooks run for an event, in which order, and why the others do not. */
import { Schema } from "effect"
import type { EventName, HookEvent } from "../event/Event.ts"
import type { EventContext } from "../event/EventContext.ts"
import type { Action, Hook } from "../hook/Hook.ts"
import type { HookSet } from "../hook/HookSet.ts"
import { valueAt } from "../hook/Matcher.ts"
import type { Policy } from "../hook/Policy.ts"
import type { FireReport } from "../merge/FireReport.ts"
import { describeAction, ShellAction } from "../run/Action.ts"
import { indexOf, narrowsByTool } from "./HookIndex.ts"
import type { Planning } from "./Planning.ts"

/** The hooks of one set that run for an event. */
export interface SetPlan {
  readonly set: HookSet
  readonly policy: Policy
  readonly hooks: ReadonlyArray<Hook>
  /** One for each hook that runs because a pattern of its matcher or condition gave up. */
  readonly notices: FireReport["notices"]
}

/** The sets that have hooks to run for an event, in the order given. Empty for most events. */
export const planner = (sets: ReadonlyArray<HookSet>) => {
  const fixed = sets.map((set) => ({ set, index: indexOf(set) }))
  return function* (event: EventName, context: EventContext): Planning<ReadonlyArray<SetPlan>> {
    let plans: Array<SetPlan> | undefined
    for (const configured of fixed) {
      const set = configured.set.at === undefined ? configured.set : configured.set.at(context)
      const index = set === configured.set ? configured.index : indexOf(set)
      const candidates = index.candidates(event, context.tool?.name)
      if (candidates.length === 0) continue
      const plan = yield* planOf(set, candidates, event, context)
      if (plan.hooks.length > 0) (plans ??= []).push(plan)
    }
    return plans ?? nothing
  }
}

const nothing: ReadonlyArray<SetPlan> = []

const planOf = function* (
  set: HookSet,
  candidates: ReadonlyArray<Hook>,
  event: EventName,
  context: EventContext
): Planning<SetPlan> {
  const policy = policyFor(set, event)
  const fitting: Array<Hook> = []
  const gaveUp = new Map<Hook, string>()
  for (const hook of candidates) {
    const misfit = misfitOf(hook, event, context)
    if (misfit === null || misfit.gaveUp) fitting.push(hook)
    if (misfit?.gaveUp === true) gaveUp.set(hook, misfit.why)
    if ((hook.matcher ?? hook.condition) !== undefined && (yield)) break
  }
  const hooks = withoutDuplicates(policy, fitting)
  const notices = hooks.flatMap((hook): FireReport["notices"] =>
    gaveUp.has(hook) ? [{ hook: hook.name, level: "warn", text: `${gaveUp.get(hook)!}, so the hook runs` }] : []
  )
  return { set, policy, hooks, notices }
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
  /** A tool that its matcher fits, and whose name differs from the event's only in case. Null: none. */
  readonly nearTool: string | null
  /** Its place among those that run, over all sets, from 1. */
  readonly order: number | null
}

/** `encode` fills in a hook's action for this event; null where that fails. */
export const explain = function* (
  sets: ReadonlyArray<HookSet>,
  event: HookEvent,
  context: EventContext,
  encode: (hook: Hook, set: HookSet) => Action | null
): Planning<Explanation> {
  let order = 0
  const explainSet = function* (configured: HookSet): Planning<SetExplanation> {
    const set = configured.at?.(context) ?? configured
    const policy = policyFor(set, event.name)
    const seen = new Map<string, string>()
    const explainHook = (hook: Hook): HookExplanation => {
      const exclusion = exclusionOf(hook, event.name, context)
      let why = exclusion === null || exclusion.gaveUp ? null : exclusion.why
      if (why === null && set.trust._tag === "untrusted") why = `not trusted: ${set.trust.why}`
      if (why === null && policy.dedupe === "action") {
        const key = actionKey(hook)
        const first = seen.get(key)
        if (first !== undefined) why = `same action as ${first}`
        else seen.set(key, hook.name)
      }
      const runs = why === null
      const nearTool = runs ? null : toolInOtherCase(hook, event.name, context)
      if (nearTool !== null) why += `, but "${nearTool}": the case of a tool's name counts`
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
        why: why ?? exclusion?.why ?? fitsBecause(hook, event.name, context),
        nearTool,
        order: runs ? ++order : null
      }
    }
    const hooks: Array<HookExplanation> = []
    for (const hook of set.hooks) {
      hooks.push(explainHook(hook))
      yield
    }
    return {
      dialect: set.dialect,
      mode: set.mode,
      file: set.file,
      trust: set.trust._tag,
      policy,
      hooks
    }
  }
  const explained: Array<SetExplanation> = []
  for (const set of sets) explained.push(yield* explainSet(set))
  return { event: event.name, class: event.class, sets: explained }
}

const startOf = (action: Action | null, context: EventContext): string | null =>
  Schema.is(ShellAction)(action) ? (action.cwd ?? context.cwd ?? null) : null

/** The policy of a set for an event. */
export const policyFor = (set: HookSet, event: EventName): Policy => set.policies?.[event] ?? set.policy

/** Whether a hook does not run, and would look at the tool that the context lacks. */
export const skipsForLackOfTool = (sets: ReadonlyArray<HookSet>, event: EventName, context: EventContext): boolean =>
  sets
    .flatMap((set) => (set.at?.(context) ?? set).hooks)
    .some((hook) => {
      const { matcher, condition, ...bare } = hook
      const misfit = misfitOf(hook, event, context)
      if (exclusionOf(bare, event, context) !== null || misfit === null || misfit.gaveUp) return false
      return matcher?.on.startsWith("tool.") === true || /\btool\b/.test(condition?.text ?? "")
    })

/** Why a hook does not run for an event, or null. */
const exclusionOf = (hook: Hook, event: EventName, context: EventContext): Misfit | null => {
  const because = (why: string): Misfit => ({ why, gaveUp: false })
  if (hook.events !== "*" && !hook.events.includes(event)) {
    return because(
      hook.events.length === 0 ? `its event "${hook.nativeEvent}" never happens here` : `it is for ${hook.nativeEvent}`
    )
  }
  return hook.enabled ? misfitOf(hook, event, context) : because("it is disabled")
}

interface Misfit {
  readonly why: string
  /** A test gave up, so nobody knows whether it fits. */
  readonly gaveUp: boolean
}

/** Null where matcher and condition fit. */
const misfitOf = ({ matcher, condition }: Hook, event: EventName, context: EventContext): Misfit | null => {
  let gaveUp: Misfit | null = null
  if (matcher !== undefined && (matcher.only === undefined || matcher.only.includes(event))) {
    const value = valueAt(context, matcher.on)
    const fits = matcher.test(value)
    if (fits === false) {
      const why =
        value === undefined
          ? `its matcher ${matcher.text} needs ${matcher.on}, which this event does not have`
          : `its matcher ${matcher.text} does not match ${matcher.on} "${value}"`
      return { why, gaveUp: false }
    }
    if (fits === undefined) gaveUp = { why: `its matcher ${matcher.text} gave up on ${matcher.on}`, gaveUp: true }
  }
  if (condition === undefined) return gaveUp
  const holds = condition.test(context)
  if (holds === false) return { why: `its condition does not hold: ${condition.text}`, gaveUp: false }
  return gaveUp ?? (holds ? null : { why: `its condition gave up: ${condition.text}`, gaveUp: true })
}

const toolInOtherCase = (hook: Hook, event: EventName, context: EventContext): string | null => {
  const { matcher } = hook
  const name = context.tool?.name
  const isForEvent = hook.enabled && (hook.events === "*" || hook.events.includes(event))
  if (name === undefined || !isForEvent || !narrowsByTool(matcher, event) || matcher.test(name) !== false) return null
  const lower = name.toLowerCase()
  if (lower !== name && matcher.test(lower) === true) return lower
  return matcher.literals?.find((literal) => literal.toLowerCase() === lower) ?? null
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
