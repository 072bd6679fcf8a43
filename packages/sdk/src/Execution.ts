/** One whole run of an agent: start hooks before it, end hooks after it on every way out. */
import type { EventContext, FireReport } from "@tenterhook/core"
import type { FireOptions } from "./createHooks.ts"

export interface Execution {
  readonly id: string
  /** The report of the start hooks. */
  readonly start: FireReport
  /** Fires within the execution: with its id and context, and what hooks leave running ends with it. */
  readonly fire: (event: string, context?: EventContext, options?: FireOptions) => Promise<FireReport>
  /** Runs the end hooks, then ends what hooks left running. Called twice, it gives the first report again. */
  readonly end: (how: ExecutionEnd) => Promise<FireReport>
}

export interface ExecutionEnd {
  readonly outcome: "success" | "error" | "aborted" | "budget_exhausted"
  readonly error?: unknown
  readonly output?: unknown
}

/** The start hooks did not let the execution proceed; its end hooks ran with outcome `aborted`. */
export class ExecutionRefused extends Error {
  override readonly name = "ExecutionRefused"
  readonly start: FireReport
  readonly end: FireReport

  constructor(start: FireReport, end: FireReport) {
    const reasons = start.reasons.map(({ hook, text }) => `${hook}: ${text}`).join("; ")
    super(`the start hooks refused the execution${reasons === "" ? "" : `: ${reasons}`}`)
    this.start = start
    this.end = end
  }
}
