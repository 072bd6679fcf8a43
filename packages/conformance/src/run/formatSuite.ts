/** The suite's result for people. */
import { relative } from "node:path"
import type { CaseFailed, CaseFailure, CaseSkipped, SuiteResult } from "./SuiteResult.ts"

/** Failures first, then what was skipped and why; the last line is `N passed, N failed, N skipped`. */
export const formatSuite = (result: SuiteResult, cwd: string = process.cwd()): string => {
  const failed = result.cases.filter((it) => it.status === "failed").map((it) => formatFailed(it, cwd))
  const skipped = result.cases.filter((it) => it.status === "skipped").map((it) => formatSkipped(it, cwd))
  const none = result.cases.length === 0 ? ["no cases found"] : []
  return [...none, ...failed, ...(skipped.length === 0 ? [] : [skipped.join("\n")]), countLine(result)].join("\n\n")
}

export const countLine = ({ passed, failed, skipped }: SuiteResult) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** What went wrong in one case: where, expected and got, and the report. */
export const formatFailure = (failure: CaseFailure): string => {
  const { step } = failure
  const where = step === null ? [] : [`step ${step.number} (line ${step.line}): ${step.what}`]
  const message = failure.message === null ? [] : failure.message.split("\n")
  const mismatches = failure.mismatches.flatMap(({ path, expected, got }) => [
    `${path === "" ? "(the whole)" : path}`,
    `  expected ${expected}`,
    `  got      ${got}`
  ])
  const report =
    failure.report === undefined ? [] : ["report:", ...JSON.stringify(shortened(failure.report), null, 2).split("\n")]
  return [...where, ...message, ...mismatches, ...report].join("\n")
}

const formatFailed = (it: CaseFailed, cwd: string) =>
  [
    `failed: ${nameOf(it.title, it.file, cwd)}`,
    `  ${shortest(it.file, cwd)}`,
    ...formatFailure(it.failure)
      .split("\n")
      .map((line) => `  ${line}`)
  ].join("\n")

const formatSkipped = (it: CaseSkipped, cwd: string) => `skipped: ${it.title} (${shortest(it.file, cwd)}): ${it.reason}`

const nameOf = (title: string, file: string, cwd: string) => (title === file ? shortest(file, cwd) : title)

const shortest = (file: string, cwd: string) => {
  const path = relative(cwd, file)
  return path !== "" && path.length < file.length && !path.startsWith("..") ? path : file
}

/** Two megabytes of stdout help nobody. */
const shortened = (value: unknown): unknown => {
  if (typeof value === "string") {
    return value.length <= 4000 ? value : `${value.slice(0, 2000)} … ${value.slice(-1000)} (${value.length} characters)`
  }
  if (Array.isArray(value)) return value.map(shortened)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shortened(item)]))
}
