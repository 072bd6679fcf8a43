/** What holds for every report, whatever a case expects: its shape, and when it says to go on. */
import { FireReport, permits } from "@tenterhook/core"
import { Exit, Schema, SchemaIssue } from "effect"
import type { Mismatch } from "../case/match.ts"
import { show } from "../case/match.ts"

export const reportMismatches = (report: unknown): ReadonlyArray<Mismatch> => {
  const exit = Schema.decodeUnknownExit(FireReport)(report, { errors: "all", reportInput: true })
  if (Exit.isSuccess(exit)) return proceedMismatches(exit.value)
  return exit.cause.reasons.flatMap((reason) =>
    reason._tag === "Fail" ? issuesOf(reason.error as Schema.SchemaError) : []
  )
}

const proceedMismatches = (report: FireReport): ReadonlyArray<Mismatch> => {
  const proceed = report.halt === null && permits(report.verdict)
  if (report.proceed === proceed) return []
  const why = report.halt === null ? `the verdict is ${report.verdict}` : "halt is set"
  return [{ path: "proceed", expected: `${proceed}, for ${why}`, got: show(report.proceed) }]
}

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

const issuesOf = (error: Schema.SchemaError): ReadonlyArray<Mismatch> =>
  formatter(error.issue).issues.map((issue) => {
    const [expected, got] = issue.message.split(", got ")
    return {
      path: (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join("."),
      expected: `in every report: ${expected!.replace(/^Expected /, "").replace(/^Missing key$/, "this key")}`,
      got: got ?? "nothing"
    }
  })
