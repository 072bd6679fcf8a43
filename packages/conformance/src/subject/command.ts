/** Runs one command as a host would and collects what it says. */
import { spawn } from "node:child_process"
import { constants } from "node:os"

export interface CommandResult {
  /** 128 plus the signal's number where a signal ended it. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly result: Promise<CommandResult>
  readonly kill: (signal: NodeJS.Signals) => void
}

/** Rejects where it could not be started. Its stdin is empty. */
export const startCommand = (
  argv: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }
): RunningCommand => {
  const [file = "", ...args] = argv
  const child = spawn(file, args, { cwd: options.cwd, env: { ...options.env }, stdio: ["ignore", "pipe", "pipe"] })
  const stdout: Array<Buffer> = []
  const stderr: Array<Buffer> = []
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
  const result = new Promise<CommandResult>((done, fail) => {
    child.on("error", (error) => fail(new Error(`could not start ${file}: ${error.message}`)))
    const settle = (code: number | null, signal: NodeJS.Signals | null) =>
      done({
        exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8")
      })
    child.on("close", settle)
    // A process that it left running may hold the pipes: they get a moment, and no more.
    child.on("exit", (code, signal) => setTimeout(() => settle(code, signal), pipesMs).unref())
  })
  return { result, kill: (signal) => void child.kill(signal) }
}

const pipesMs = 2000
