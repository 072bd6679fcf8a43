/** The far side of an adapter under test: what each adapter's own tests bring, so that the rules can steer it. */
import { Context, type Effect } from "effect"
import type { Action } from "@tenterhook/core"

/** What an action is to do once the adapter starts it. */
export type Behaviour =
  /** Says both texts, then ends with that status. */
  | { readonly _tag: "Replies"; readonly status: number; readonly saying: string; readonly aside: string }
  /** Says it, starts whatever else it can (a child process), and never ends by itself. */
  | { readonly _tag: "Hangs"; readonly saying: string }
  /** The same, and turns a deaf ear to every polite request to end. */
  | { readonly _tag: "Stubborn"; readonly saying: string }
  /** Names something that is not there. */
  | { readonly _tag: "Missing" }
  /** Says `head`, then filler up to so many bytes in all, then `tail`; then ends. */
  | { readonly _tag: "Floods"; readonly bytes: number; readonly head: string; readonly tail: string }
  /** Says how many bytes its payload has and their SHA-256 in hex: `12 a1b2…`; then ends. */
  | { readonly _tag: "Digests" }
  /** Ends without a look at its payload, after saying this. */
  | { readonly _tag: "Ignores"; readonly saying: string }
  /** Dies, in the way that the capabilities name. */
  | { readonly _tag: "Dies" }
  /** Says it and ends by itself, leaving something running that still holds its output. */
  | { readonly _tag: "Leaves"; readonly saying: string }

/** What this adapter's actions can do at all. Every field is answered, and the answer selects which promise is tested. */
export interface Capabilities {
  /** Where a saying arrives: in the reply's output, or as its structured value. */
  readonly speaks: "output" | "value"
  /** Whether what was said before a stop is kept; otherwise a stopped action's reply is empty. */
  readonly partial: boolean
  /** Whether replies carry a status; otherwise it is null. */
  readonly status: boolean
  /** Whether there is a second channel beside the output; otherwise diagnostics are empty. */
  readonly diagnostics: boolean
  /** The most that a reply keeps of its output; null where nothing is ever cut. */
  readonly outputLimitBytes: number | null
  /** Whether an action gets the invocation's payload. */
  readonly payload: boolean
  /** Whether an action can name what is not there; otherwise the action schema must refuse an action that names nothing. */
  readonly missing: boolean
  /** Whether an action can refuse to end when asked. */
  readonly stubborn: boolean
  /** How an action dies: `signal`, in the reply; or the reason that the adapter fails with. */
  readonly dies: "signal" | "tool" | "transport"
  /** Whether an action can end and leave something running. */
  readonly leaves: boolean
}

export class Bench extends Context.Service<
  Bench,
  {
    /** The kind under which the adapter under test is registered. */
    readonly kind: string
    readonly capabilities: Capabilities
    /** Prepares an action that does this. Asked only for what the capabilities allow. */
    readonly arrange: (behaviour: Behaviour) => Effect.Effect<Action, unknown>
    /** How many things that actions of this bench started are alive now. */
    readonly alive: Effect.Effect<number>
    /** How many actions of this bench have begun so far, however they ended. */
    readonly begun: Effect.Effect<number>
    /** Waits until the action that was arranged last has said what it says before it hangs. */
    readonly spoken: Effect.Effect<void, unknown>
  }
>()("@tenterhook/conformance/adapter/Bench") {}
