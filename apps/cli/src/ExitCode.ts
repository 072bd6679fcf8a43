/** What the command line's exit codes mean. `exec` gives the command's own code when it ran. */
import { constants } from "node:os"

export const exitCode = {
  ok: 0,
  failure: 1,
  /** Wrong usage, or a config that cannot be loaded. */
  usage: 2,
  /** The hooks say not to proceed. */
  notToProceed: 3,
  /** `--timeout` ended the command. */
  timeout: 124,
  /** `exec`: the command is there and cannot be executed. */
  notExecutable: 126,
  /** `exec`: there is no such command. */
  notFound: 127
} as const

/** 128 and the signal's number, as shells have it: 130 for SIGINT. */
export const codeOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
