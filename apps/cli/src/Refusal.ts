/** The command line cannot do what was asked: a message, an exit code, and for programs the kind of failure. */
import type { ConfigProblem, FireReport } from "@tenterhook/core"
import { exitCode } from "./ExitCode.ts"

export type FailureKind =
  /** Flags or arguments that cannot be. */
  | "usage"
  /** There is no config, or it cannot be loaded. */
  | "config"
  | "context"
  /** The event is unknown. */
  | "event"
  /** The server refuses, or cannot be reached. */
  | "server"
  /** `--timeout` ended the command. */
  | "timeout"
  /** A signal ended the command. */
  | "interrupted"
  /** Anything else. */
  | "failure"

export interface RefusalOptions {
  /** Default: 2, wrong usage. */
  readonly code?: number
  /** What to do about it. */
  readonly hint?: string | undefined
  /** Default: by the exit code. */
  readonly kind?: FailureKind
  /** Each thing that is wrong, where there are several or they have a place. */
  readonly problems?: ReadonlyArray<ConfigProblem>
  /** Of the hooks that were stopped. */
  readonly report?: FireReport | null
}

export class Refusal extends Error {
  readonly _tag = "Refusal"
  readonly code: number
  readonly hint: string | undefined
  readonly kind: FailureKind
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly report: FireReport | null

  constructor(message: string, options: RefusalOptions = {}) {
    super(message)
    this.code = options.code ?? exitCode.usage
    this.hint = options.hint
    this.kind = options.kind ?? kindOfCode(this.code)
    this.problems = options.problems ?? []
    this.report = options.report ?? null
  }

  withReport(report: FireReport | null): Refusal {
    const { message, code, hint, kind, problems } = this
    return new Refusal(message, { code, hint, kind, problems, report })
  }
}

const kindOfCode = (code: number): FailureKind => {
  if (code === exitCode.usage) return "usage"
  if (code === exitCode.timeout) return "timeout"
  return code > 128 ? "interrupted" : "failure"
}
