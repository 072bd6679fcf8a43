/** What became of the cases. Plain data; its JSON is the machine's form of it. */
import type { Mismatch } from "../case/match.ts"

export interface SuiteResult {
  readonly subject: string
  /** None failed, and at least one passed. */
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** In the order of the paths that were given. */
  readonly cases: ReadonlyArray<CaseResult>
}

export type CaseResult = CasePassed | CaseFailed | CaseSkipped

interface CaseOf {
  /** Absolute. */
  readonly file: string
  readonly title: string
  readonly durationMs: number
}

export interface CasePassed extends CaseOf {
  readonly status: "passed"
}

export interface CaseSkipped extends CaseOf {
  readonly status: "skipped"
  readonly reason: string
}

export interface CaseFailed extends CaseOf {
  readonly status: "failed"
  readonly failure: CaseFailure
}

export interface CaseFailure {
  /** Where it went wrong: null where the file is no case, or the case could not be set up. Steps and lines count from 1. */
  readonly step: { readonly number: number; readonly line: number; readonly what: string } | null
  /** In words, where it is not a matter of expected and got. */
  readonly message: string | null
  readonly mismatches: ReadonlyArray<Mismatch>
  /** What the step gave: a report, for a fire. Absent where it gave nothing. */
  readonly report?: unknown
}

export const suiteResult = (subject: string, cases: ReadonlyArray<CaseResult>): SuiteResult => {
  const count = (status: CaseResult["status"]) => cases.filter((result) => result.status === status).length
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")]
  return { subject, ok: failed === 0 && passed > 0, passed, failed, skipped, cases }
}
