/** The canonical events: their names, and the class that fixes what a hook may do at each. */
import type { EventContext } from "./EventContext.ts"
import { type EventFacts, eventFacts, sharedContextKeys } from "./EventFacts.ts"

/**
 * What a hook may do at an event.
 * `gate`: give a verdict; `loop`: make the agent go on working; `transform`: replace what flows on;
 * `observe`: add context and notices, nothing else.
 */
export type EventClass = "gate" | "loop" | "transform" | "observe"

/** A canonical event name, or `<namespace>:<name>` for one that a host declares itself. */
export type EventName = CanonicalEvent | `${string}:${string}`

export type CanonicalEvent = keyof typeof eventFacts

/** One occurrence: what happened, and what a hook may do about it. */
export interface HookEvent {
  readonly name: EventName
  readonly class: EventClass
}

/** What a rewrite may replace. */
export type RewriteTarget = "input" | "output" | "prompt" | "response"

/** Every canonical name, in the order of the documentation. */
export const canonicalEvents = Object.keys(eventFacts) as ReadonlyArray<CanonicalEvent>

export const isCanonicalEvent = (name: string): name is CanonicalEvent => Object.hasOwn(eventFacts, name)

/** An event that a host declares itself: `<namespace>:<name>`. */
export const namespacedEvent = /^[A-Za-z0-9_.-]+:[A-Za-z0-9_.:/-]+$/

/** Canonical, or of the form `<namespace>:<name>`. */
export const isEventName = (name: string): name is EventName => isCanonicalEvent(name) || namespacedEvent.test(name)

/** The class of an event; a namespaced one observes unless its host declared otherwise. */
export const classOf = (name: EventName): EventClass => (isCanonicalEvent(name) ? eventFacts[name].class : "observe")

/** What is fixed about a canonical event. */
export const factsOf = (name: CanonicalEvent): EventFacts => eventFacts[name]

/** Whether contexts of a canonical event may have this key. */
export const mayHave = (name: CanonicalEvent, key: keyof EventContext): boolean =>
  factsOf(name).keys.includes(key) || (sharedContextKeys as ReadonlyArray<string>).includes(key)

/** What a hook may replace at an event; nothing where only its outcome is observed. */
export const rewriteTargets = (event: HookEvent): ReadonlyArray<RewriteTarget> =>
  isCanonicalEvent(event.name)
    ? (factsOf(event.name).rewrites ?? [])
    : event.class === "observe"
      ? []
      : ["input", "output", "prompt", "response"]

/** The tool that an event is about, if it is about one. */
export const toolName = (context: EventContext): string | undefined => context.tool?.name
