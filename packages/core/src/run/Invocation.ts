/** One action, ready to execute: all values are filled in. */
import { Schema } from "effect"
import type { Action, HookName, Linger, OnFailure } from "../hook/Hook.ts"

/** Names one fire. Minted by the engine, opaque to hooks. */
export const FireId = Schema.NonEmptyString.pipe(Schema.brand("FireId"))
export type FireId = typeof FireId.Type

export interface Invocation<A = Action> {
  readonly action: A
  readonly payload?: Uint8Array
  /** What a function hook receives in place of bytes. */
  readonly value?: unknown
  readonly fireId: FireId
  readonly hook: HookName
  readonly linger?: Linger
  /** Absolute: the config's folder, where a command runs if the host's own folder was removed. */
  readonly folder?: string
  /** What the hook's failure means. A command that fails open runs in an empty folder where the config's is gone too. */
  readonly onFailure?: OnFailure
}
