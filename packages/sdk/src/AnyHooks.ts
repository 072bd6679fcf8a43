/** What hooks of this process and hooks on a server have in common: a host need not know which it has. */
import type { EventContext, Explanation, FireOptions as EngineFireOptions, FireReport } from "@tenterhook/core"
import type { Execution } from "./Execution.ts"

export interface FireOptions extends EngineFireOptions {
  /**
   * What becomes of a fire whose `signal` aborts; its hooks are stopped either way. `reject` (default): the promise
   * rejects with the signal's reason. `report`: it resolves with the report of what was stopped, which never proceeds.
   * On a server it always rejects.
   */
  readonly whenAborted?: "reject" | "report"
}

export interface AnyHooks {
  /**
   * Announces an event and runs the hooks that fit. A hook's failure is an outcome in the report, never a rejection.
   * Rejects where the event or its context cannot be: in this process with `UnknownEvent` or `InvalidContext`, at a
   * server with `ServerRefused`. Rejects with the reason of a `signal` that aborts, before, during or after the hooks.
   */
  readonly fire: (event: string, context?: EventContext, options?: FireOptions) => Promise<FireReport>
  /** Which hooks match, and why the others do not. Runs nothing. */
  readonly explain: (event: string, context?: EventContext) => Promise<Explanation>
  /**
   * Runs the start hooks, then `work`, then the end hooks on every way out; ends what hooks left running.
   * Rejects with `ExecutionRefused`, without running `work`, when the start hooks do not let it proceed.
   */
  readonly execution: <A>(work: (execution: Execution) => Promise<A> | A, context?: EventContext) => Promise<A>
  /**
   * The two halves of `execution`, for a host that cannot pass its work as a function. The caller must call `end`.
   * The options are for the start hooks. If their signal aborts, the end hooks run with outcome `aborted` before it
   * rejects with the signal's reason.
   */
  readonly startExecution: (context?: EventContext, options?: FireOptions) => Promise<Execution>
  /** Ends what still runs. Nothing can be fired afterwards. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}
