/** Finds the hooks of a set for an event and a tool without looking at the others. Plain code: most events match nothing. */
import type { EventName } from "../event/Event.ts"
import type { Hook } from "../hook/Hook.ts"
import type { HookSet } from "../hook/HookSet.ts"
import type { Matcher } from "../hook/Matcher.ts"

export interface HookIndex {
  /**
   * The enabled hooks for the event whose tool matcher does not exclude the tool, in definition order. Other matchers
   * are not tested, nor is any on a name that is too long to be a tool's.
   */
  readonly candidates: (event: EventName, tool: string | undefined) => ReadonlyArray<Hook>
}

/** The index of a set; made once for each set. */
export const indexOf = (set: HookSet): HookIndex => {
  let index = indexes.get(set)
  if (index === undefined) indexes.set(set, (index = makeIndex(set)))
  return index
}

/** Whether a matcher narrows this event, and does so by the tool's name. */
export const narrowsByTool = (matcher: Matcher | undefined, event: EventName): matcher is Matcher =>
  matcher !== undefined && matcher.on === "tool.name" && (matcher.only === undefined || matcher.only.includes(event))

const indexes = new WeakMap<HookSet, HookIndex>()

const makeIndex = (set: HookSet): HookIndex => {
  const byEvent = new Map<EventName, EventHooks>()
  const enabled = set.hooks.filter((hook) => hook.enabled)
  const forAll = enabled.some((hook) => hook.events === "*")
  const named = new Set(enabled.flatMap((hook) => (hook.events === "*" ? [] : hook.events)))

  return {
    candidates: (event, tool) => {
      if (!forAll && !named.has(event)) return none
      let hooks = byEvent.get(event)
      if (hooks === undefined) {
        if (byEvent.size >= maxEvents) byEvent.clear()
        byEvent.set(event, (hooks = hooksFor(enabled, event)))
      }
      return candidatesOf(hooks, event, tool)
    }
  }
}

interface EventHooks {
  readonly hooks: ReadonlyArray<Hook>
  /** Positions of the hooks that can only match this very tool. */
  readonly byLiteral: ReadonlyMap<string, ReadonlyArray<number>>
  /** Positions of the hooks whose matcher must be asked, or that have none. */
  readonly others: ReadonlyArray<number>
  /** What was found before, by tool. */
  readonly found: Map<string | undefined, ReadonlyArray<Hook>>
}

const hooksFor = (enabled: ReadonlyArray<Hook>, event: EventName): EventHooks => {
  const hooks = enabled.filter((hook) => hook.events === "*" || hook.events.includes(event))
  const byLiteral = new Map<string, Array<number>>()
  const others: Array<number> = []
  hooks.forEach((hook, position) => {
    const literals = narrowsByTool(hook.matcher, event) ? hook.matcher.literals : undefined
    if (literals === undefined) return others.push(position)
    for (const literal of new Set(literals)) {
      const positions = byLiteral.get(literal)
      if (positions === undefined) byLiteral.set(literal, [position])
      else positions.push(position)
    }
  })
  return { hooks, byLiteral, others, found: new Map() }
}

const candidatesOf = (of: EventHooks, event: EventName, tool: string | undefined): ReadonlyArray<Hook> => {
  if (tool !== undefined && tool.length > maxToolName) return of.hooks
  const known = of.found.get(tool)
  if (known !== undefined) return known
  const positions = of.others.filter((position) => {
    const matcher = of.hooks[position]!.matcher
    return !narrowsByTool(matcher, event) || matcher.test(tool) !== false
  })
  if (tool !== undefined) positions.push(...(of.byLiteral.get(tool) ?? []))
  const hooks = positions.toSorted((a, b) => a - b).map((position) => of.hooks[position]!)
  if (of.found.size >= maxTools) of.found.clear()
  of.found.set(tool, hooks)
  return hooks
}

const none: ReadonlyArray<Hook> = []
const maxEvents = 256
const maxTools = 1024
const maxToolName = 256
