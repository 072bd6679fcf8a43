/** One action, ready to execute: all values are filled in. */
import { Schema } from "effect"
import type { Action, HookName, Linger } from "../hook/Hook.ts"

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
}
