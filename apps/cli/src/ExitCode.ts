/** What the command line's exit codes mean. `exec` gives the command's own code when it ran. */
import type { FireReport } from "@tenterhook/core"
import { constants } from "node:os"

export const exitCode = {
  ok: 0,
  failure: 1,
  /** Wrong usage, or a config that cannot be loaded. */
  usage: 2,
  /** The hooks say not to proceed. */
  notToProceed: 3,
  /** The hooks make the agent go on working instead of stopping. */
  resume: 4,
  /** `--timeout` ended the command. */
  timeout: 124,
  /** `exec`: the command is there and cannot be executed. */
  notExecutable: 126,
  /** `exec`: there is no such command. */
  notFound: 127
} as const

/** What a report asks the caller to do. */
export const codeOfReport = ({ proceed, resume }: Pick<FireReport, "proceed" | "resume">): number =>
  !proceed ? exitCode.notToProceed : resume === null ? exitCode.ok : exitCode.resume

/** 128 and the signal's number, as shells have it: 130 for SIGINT. */
export const codeOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
