/** The hooks of one config in definition order, with the policy of its dialect. */
import type { EventName } from "../event/Event.ts"
import type { EventContext } from "../event/EventContext.ts"
import type { Hook } from "./Hook.ts"
import type { Policy } from "./Policy.ts"
import type { Trust } from "./Trust.ts"

export interface HookSet {
  /** The id of the dialect that loaded it and speaks for its hooks. */
  readonly dialect: string
  readonly mode: string
  /** The config as its owner knows it; null where it was given in code or by environment. */
  readonly file: string | null
  /** Absolute: the config's folder. Commands run here where the host's own folder, in which they would run, was removed. */
  readonly folder?: string
  readonly hooks: ReadonlyArray<Hook>
  readonly policy: Policy
  /** The policy at events that have one of their own. */
  readonly policies?: Readonly<Partial<Record<EventName, Policy>>>
  readonly trust: Trust
  /** What loading found that its owner should know: unknown events and keys, values that were replaced. */
  readonly notices: ReadonlyArray<LoadNotice>
  /** Notices that every report of a fire repeats, e.g. that a closed gate can never run. */
  readonly warnings?: ReadonlyArray<SetWarning>
  /** For a set that is configured by environment: the set as it is for this fire. Must give the same object for the same values. */
  readonly at?: (context: EventContext) => HookSet
}

export interface LoadNotice {
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
  readonly text: string
}

export interface SetWarning {
  /** The hook's name. */
  readonly hook: string
  readonly level: "warn" | "error"
  readonly text: string
}
