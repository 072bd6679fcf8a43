/** What one hook came to. */
import type { Verdict } from "../merge/Verdict.ts"
import type { RewriteTarget } from "../event/Event.ts"
import type { Reply } from "./Reply.ts"

/**
 * Why a hook failed. Adapters fail with `spawn transport tool missing unavailable oversize`, dialects find
 * `exit signal decode`, the engine adds `timeout cancelled`.
 */
export const failureReasons = [
  "spawn",
  "transport",
  "tool",
  "missing",
  "unavailable",
  "oversize",
  "exit",
  "signal",
  "decode",
  "timeout",
  "cancelled"
] as const
export type FailureReason = (typeof failureReasons)[number]

/** Why a hook that fits did not run. Only a dialect that knows better makes a skip of an `unavailable` failure. */
export const skipReasons = ["untrusted", "unavailable", "capacity", "halted"] as const
export type SkipReason = (typeof skipReasons)[number]

/** What a hook asked for by succeeding. All absent: go on. */
export interface Output {
  readonly verdict?: Verdict
  readonly reason?: string
  readonly rewrite?: Rewrite
  readonly context?: ReadonlyArray<string>
  readonly notices?: ReadonlyArray<Notice>
  /** The agent is to stop altogether, and why. */
  readonly halt?: string
  /** The agent is to go on working, and why. */
  readonly resume?: string
  readonly answer?: unknown
  readonly ext?: unknown
}

export interface Rewrite {
  readonly target: RewriteTarget
  readonly mode: "replace" | "patch"
  readonly value: unknown
}

export interface Notice {
  readonly level: "info" | "warn" | "error"
  readonly text: string
}

export type Outcome =
  | { readonly status: "succeeded"; readonly output: Output }
  | { readonly status: "failed"; readonly reason: FailureReason; readonly notices?: ReadonlyArray<Notice> }
  | { readonly status: "skipped"; readonly reason: SkipReason; readonly notices?: ReadonlyArray<Notice> }

export const go: Output = {}
export const succeeded = (output: Output = go): Outcome => ({ status: "succeeded", output })
export const failed = (reason: FailureReason, notices?: ReadonlyArray<Notice>): Outcome =>
  notices === undefined ? { status: "failed", reason } : { status: "failed", reason, notices }
export const skipped = (reason: SkipReason, notices?: ReadonlyArray<Notice>): Outcome =>
  notices === undefined ? { status: "skipped", reason } : { status: "skipped", reason, notices }

/** How an action ended when it was not by itself: what stopped it, in words, and what it had said until then. */
export interface Failure {
  readonly _tag: "failure"
  readonly reason: FailureReason
  readonly message: string
  readonly reply: Reply
}

/** A reply, or the failure that came in its place. */
export type End = ({ readonly _tag: "reply" } & Reply) | Failure
