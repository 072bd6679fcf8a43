/** When the work of a command is to stop early: a signal, or `--timeout`. A second signal ends the program at once. */
import { codeOfSignal, exitCode } from "./ExitCode.ts"
import { formatDuration } from "./duration.ts"
import { dieOf, type EndSignal, onEndSignal } from "./signals.ts"

export interface Stop {
  readonly signal: AbortSignal
  /** Why, and the exit code for it; null while nothing stopped the work. */
  readonly why: () => { readonly text: string; readonly exitCode: number } | null
  readonly release: () => void
}

export const stopWhen = (timeoutMs: number | null): Stop => {
  const abort = new AbortController()
  let why: ReturnType<Stop["why"]> = null
  const stop = (reason: NonNullable<typeof why>) => {
    why ??= reason
    abort.abort()
  }
  const signalled = (signal: EndSignal) => {
    if (why !== null) dieOf(signal)
    stop({ text: `interrupted by ${signal}`, exitCode: codeOfSignal(signal) })
  }
  const release = onEndSignal(signalled)
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(
          () => stop({ text: `stopped after ${formatDuration(timeoutMs)} (--timeout)`, exitCode: exitCode.timeout }),
          timeoutMs
        )
  return {
    signal: abort.signal,
    why: () => why,
    release: () => {
      release()
      clearTimeout(timer)
    }
  }
}
