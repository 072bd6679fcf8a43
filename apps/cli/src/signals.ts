/** The signals that end a program, each told once: what comes twice within a moment came by two ways. */
import { codeOfSignal } from "./ExitCode.ts"

export type EndSignal = (typeof endSignals)[number]

export const endSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const

/**
 * Calls the listener for each until the returned function is called. A terminal's Ctrl-C reaches a program and
 * whoever started it, who may pass it on: the same signal within `sameMs` counts once.
 */
export const onEndSignal = (listener: (signal: EndSignal) => void): (() => void) => {
  const last = new Map<EndSignal, number>()
  const heard = (signal: EndSignal) => {
    const now = performance.now()
    const before = last.get(signal)
    last.set(signal, now)
    if (before === undefined || now - before > sameMs) listener(signal)
  }
  for (const signal of endSignals) process.on(signal, heard)
  return () => {
    for (const signal of endSignals) process.off(signal, heard)
  }
}

/** Ends the program now, with the code that shells give to a signal. What it started is ended by the hooks' watcher. */
export const dieOf = (signal: EndSignal): never => process.exit(codeOfSignal(signal))

export const sameMs = 300
