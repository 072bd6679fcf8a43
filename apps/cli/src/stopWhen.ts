/** When the work of a command is to stop early: a signal, or `--timeout`. A second signal ends the program at once. */
import { codeOfSignal, exitCode } from "./ExitCode.ts"
import { formatDuration } from "./duration.ts"
import { Refusal } from "./Refusal.ts"
import { dieOf, type EndSignal, onEndSignal } from "./signals.ts"

export interface Stop {
  /** Its reason is what `why` returns. */
  readonly signal: AbortSignal
  /** What stopped the work, with its exit code; null while nothing did. */
  readonly why: () => Refusal | null
  readonly release: () => void
}

export const stopWhen = (timeoutMs: number | null): Stop => {
  const abort = new AbortController()
  let why: Refusal | null = null
  const stop = (reason: Refusal) => {
    why ??= reason
    abort.abort(why)
  }
  const signalled = (signal: EndSignal) => {
    if (why !== null) dieOf(signal)
    stop(new Refusal(`interrupted by ${signal}`, { code: codeOfSignal(signal) }))
  }
  const release = onEndSignal(signalled)
  const late = () =>
    stop(new Refusal(`stopped after ${formatDuration(timeoutMs!)} (--timeout)`, { code: exitCode.timeout }))
  const timer = timeoutMs === null ? undefined : setTimeout(late, timeoutMs)
  return {
    signal: abort.signal,
    why: () => why,
    release: () => {
      release()
      clearTimeout(timer)
    }
  }
}
