/** One whole run of an agent: start hooks before it, end hooks after it on every way out. */
import type { EventContext, FireReport } from "@tenterhook/core"
import type { AnyHooks, FireOptions } from "./AnyHooks.ts"

/** An execution whose start hooks ran: here, or earlier in another process. */
export interface OngoingExecution {
  readonly id: string
  /** Fires within the execution: with its id and context, and what hooks leave running ends with it. */
  readonly fire: AnyHooks["fire"]
  /**
   * Runs the end hooks, then ends what hooks left running. Called twice, it gives the first report again;
   * where there was none, as it was rejected, the end hooks run now. The options are for the end hooks.
   */
  readonly end: (how: ExecutionEnd, options?: FireOptions) => Promise<FireReport>
}

export interface Execution extends OngoingExecution {
  /** The report of the start hooks. */
  readonly start: FireReport
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

/**
 * Runs `end` at most once at a time: later calls get the same report. A rejection is not kept, so the next call tries
 * again.
 */
export const endOnce = (end: OngoingExecution["end"]): OngoingExecution["end"] => {
  let ended: Promise<FireReport> | undefined
  return (how, options) =>
    (ended ??= end(how, options).catch((error: unknown) => {
      ended = undefined
      throw error
    }))
}

/** Why an execution ends whose start the host aborted. */
export const startAborted = { outcome: "aborted", error: "the host aborted the start" } as const

/** The two halves around a piece of work. */
export const executionWith =
  (startExecution: AnyHooks["startExecution"]): AnyHooks["execution"] =>
  async (work, given?: EventContext) => {
    const execution = await startExecution(given)
    if (!execution.start.proceed) {
      throw new ExecutionRefused(execution.start, await execution.end({ outcome: "aborted" }))
    }
    let result
    try {
      result = await work(execution)
    } catch (error) {
      await execution.end({ outcome: "error", error: error instanceof Error ? error.message : String(error) })
      throw error
    }
    await execution.end({ outcome: "success" })
    return result
  }
