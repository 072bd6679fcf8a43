/** Runs a command of somebody else's in the foreground: our stdio, our process group, our terminal. */
import { endTree } from "@tenterhook/shell"
import { type ChildProcess, spawn } from "node:child_process"
import { codeOfSignal, exitCode } from "../ExitCode.ts"

export interface RunningCommand {
  readonly ended: Promise<CommandEnd>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Ends the command and everything it started. */
  readonly stop: () => Promise<void>
}

export interface CommandEnd {
  /** As a shell would tell it: 128 and the signal's number, 127 not found, 126 not executable. */
  readonly exitCode: number
  readonly signal: NodeJS.Signals | null
  /** Why it never ran. */
  readonly notStarted: string | null
}

/** It is not detached: a terminal's Ctrl-C and Ctrl-Z reach it as if we were not there. */
export const startCommand = (argv: readonly [string, ...ReadonlyArray<string>]): RunningCommand => {
  const [file, ...args] = argv
  let child: ChildProcess
  try {
    child = spawn(file, args, { stdio: "inherit" })
  } catch (error) {
    return { ended: Promise.resolve(notStarted(file, error as Error)), kill: () => {}, stop: async () => {} }
  }
  const ended = new Promise<CommandEnd>((done) => {
    child.on("error", (error) => {
      if (child.pid === undefined) done(notStarted(file, error))
    })
    child.on("exit", (code, signal) =>
      done({ exitCode: signal === null ? (code ?? exitCode.failure) : codeOfSignal(signal), signal, notStarted: null })
    )
  })
  const stop = async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    await endTree({ leader: child.pid, mark: `TENTERHOOK_EXEC=${crypto.randomUUID()}`, known: [] }, graceMs)
  }
  return { ended, kill: (signal) => void child.kill(signal), stop }
}

const notStarted = (file: string, error: NodeJS.ErrnoException): CommandEnd =>
  error.code === "ENOENT"
    ? { exitCode: exitCode.notFound, signal: null, notStarted: `${file}: command not found` }
    : {
        exitCode: exitCode.notExecutable,
        signal: null,
        notStarted: `${file}: cannot be executed: ${reasons[error.code ?? ""] ?? error.message}`
      }

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ENOEXEC: "not a program",
  E2BIG: "too many arguments"
}

/** Between TERM and KILL. */
const graceMs = 500
