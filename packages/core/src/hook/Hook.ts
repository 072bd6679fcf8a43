/** A hook as a person configured it: when it runs, what it does, and what its failure means. */
import { Schema } from "effect"
import type { EventName } from "../event/Event.ts"
import type { Condition, Matcher } from "./Matcher.ts"

/** The name of a hook; `<event>[<index>]` where its config gives none. */
export const HookName = Schema.NonEmptyString.pipe(Schema.brand("HookName"))
export type HookName = typeof HookName.Type
/** A name from text that is known to be one. */
export const hookName = (text: string): HookName => HookName.make(text)

/** What a failure means: `continue` as if the hook were not there, or `block`: deny. */
export type OnFailure = "continue" | "block"

/** What becomes of processes that a hook leaves behind when it exits by itself. */
export type Linger = "keep" | "end"

/** Where a hook stands in its config; null where it was given in code. Lines count from 1. */
export interface HookSource {
  readonly file: string | null
  readonly line: number | null
}

/** One thing to execute, tagged by the kind of the adapter that can. Decoded by that adapter's schema. */
export interface Action {
  readonly kind: string
}

export interface Hook<A extends Action = Action> {
  readonly name: HookName
  /** The index among this event's hooks (or its list's) in definition order, from 0. */
  readonly index: number
  /** The canonical events it is for, or `*` for all. Empty where its dialect's event never fires here. */
  readonly events: ReadonlyArray<EventName> | "*"
  /** The event in the dialect's own spelling. */
  readonly nativeEvent: string
  readonly matcher?: Matcher
  readonly condition?: Condition
  readonly action: A
  /** The deadline in milliseconds; 0 or less ends the hook at once, Infinity is none. */
  readonly timeoutMs: number
  readonly onFailure: OnFailure
  readonly enabled: boolean
  readonly linger?: Linger
  readonly source: HookSource
  /** What its dialect needs to know again at encode and decode. Nobody else reads it. */
  readonly ext?: unknown
}
