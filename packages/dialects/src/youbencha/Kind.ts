/** What each kind of hook (`script`, `webhook`, `database`) knows: how to plan, fill in and judge its action. */
import {
  type Action,
  type Decoded,
  type Encoded,
  type EncodeError,
  type End,
  failed,
  type FailureReason,
  type Fire
} from "@tenterhook/core"
import type { Effect } from "effect"
import type { Entry, TestCase } from "./Config.ts"

export type EntryOf<Name extends Entry["name"]> = Extract<Entry, { readonly name: Name }>

/** An entry with what the file says of its test case. */
export interface Setting<E extends Entry> {
  readonly entry: E
  readonly testCase: TestCase
}

export interface Kind<E extends Entry> {
  /** The action as `explain` shows it, before the values of a fire are filled in. */
  readonly planned: (setting: Setting<E>, mode: string) => Action
  readonly timeoutMs: (setting: Setting<E>) => number
  readonly encode: (setting: Setting<E>, fire: Fire) => Effect.Effect<Encoded, EncodeError>
  readonly decode: (setting: Setting<E>, fire: Fire, end: End) => Decoded
}

/** The product's own words as the message; why, where there is more to say, as a notice. */
export const failure = (reason: FailureReason, message: string, why?: string): Decoded => ({
  outcome: failed(reason, why === undefined || why === "" ? undefined : [{ level: "error", text: why }]),
  decisive: false,
  message
})
