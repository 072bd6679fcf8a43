/** For programs: `ok` agrees with the exit code. */
import { failureJson } from "../../failureJson.ts"
import { Refusal } from "../../Refusal.ts"
import type { CheckResult, Reporter } from "./Reporter.ts"

export const json: Reporter = (result) => JSON.stringify(valueOf(result), null, 2)

const valueOf = ({ exitCode, problems, notices, lint, hint }: CheckResult) => {
  if (exitCode === 0) return { ok: true, notices, lint }
  if (problems.length > 0) {
    const message = problems.length === 1 ? "1 problem" : `${problems.length} problems`
    return { ...failureJson(new Refusal(message, { code: exitCode, kind: "config", problems, hint })), notices, lint }
  }
  const count = notices.length + lint.length
  const message = `${count} ${count === 1 ? "warning" : "warnings"}, which --strict makes a failure`
  return { ...failureJson(new Refusal(message, { code: exitCode, kind: "config" })), notices, lint }
}
