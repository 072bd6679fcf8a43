/** A case's command within an execution: not at all where its start says so, and with an end on every way out. */
import type { ExecResult } from "../run/Subject.ts"
import type { CommandResult } from "./command.ts"

/** An execution whose start hooks have run. */
export interface CaseExecution {
  readonly start: { readonly proceed: boolean }
  /** Runs the end hooks and gives their report. */
  readonly end: (how: {
    readonly outcome: "success" | "error" | "aborted"
    readonly error?: unknown
  }) => Promise<unknown>
}

export const execWithin = async (
  { start, end }: CaseExecution,
  run: () => Promise<CommandResult>
): Promise<ExecResult> => {
  if (!start.proceed) {
    return { exitCode: notToProceed, stdout: "", stderr: "", start, end: await end({ outcome: "aborted" }) }
  }
  let result
  try {
    result = await run()
  } catch (error) {
    await end({ outcome: "error", error: (error as Error).message })
    throw error
  }
  const { exitCode } = result
  return {
    ...result,
    start,
    end: await end(exitCode === 0 ? { outcome: "success" } : { outcome: "error", error: `exit code ${exitCode}` })
  }
}

const notToProceed = 3
