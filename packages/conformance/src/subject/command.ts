/** Runs commands as a host would and collects what they say. */
import { spawn } from "node:child_process"
import { constants } from "node:os"

export interface CommandResult {
  /** 128 plus the signal's number where a signal ended it. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The commands of one session. */
export interface Commands {
  /** Rejects where it could not be started. Its stdin is empty. */
  readonly run: (argv: ReadonlyArray<string>, place: CommandPlace) => Promise<CommandResult>
  /** Ends those that still run. None can be started afterwards. */
  readonly close: () => Promise<void>
}

export interface CommandPlace {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

export const openCommands = (): Commands => {
  const running = new Set<RunningCommand>()
  let open = true
  return {
    run: async (argv, place) => {
      if (!open) throw new Error(`${argv[0]} was not started: the case is over`)
      const started = startCommand(argv, place)
      running.add(started)
      try {
        return await started.result
      } finally {
        running.delete(started)
      }
    },
    close: async () => {
      open = false
      const left = [...running]
      for (const command of left) command.kill("SIGTERM")
      const killing = setTimeout(() => left.forEach((command) => command.kill("SIGKILL")), graceMs)
      await Promise.allSettled(left.map((command) => command.result))
      clearTimeout(killing)
    }
  }
}

interface RunningCommand {
  readonly result: Promise<CommandResult>
  readonly kill: (signal: NodeJS.Signals) => void
}

const startCommand = (argv: ReadonlyArray<string>, options: CommandPlace): RunningCommand => {
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
/** Between TERM and KILL. */
const graceMs = 4000
