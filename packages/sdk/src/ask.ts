/** Resolves a report whose verdict is `ask` with the host's own answer. */
import { type FireReport, permits } from "@tenterhook/core"
import { unlessAborted } from "./unlessAborted.ts"

/** Whether a person lets it happen. The signal aborts when the answer is no longer of use. */
export type Ask = (report: FireReport, call: { readonly signal: AbortSignal }) => boolean | Promise<boolean>

/**
 * The report with `allow` or `deny` in place of `ask`; any other report as it is. Rejects with the signal's reason when
 * it aborts, without waiting for the answer.
 */
export const resolveAsk = async (report: FireReport, ask: Ask, signal: AbortSignal): Promise<FireReport> => {
  if (report.verdict !== "ask") return report
  const answer = await unlessAborted(signal, answerOf(report, ask, signal))
  const verdict = answer.allowed ? "allow" : "deny"
  const dropped = answer.allowed ? null : report.rewrite
  return {
    ...report,
    verdict,
    proceed: report.halt === null && permits(verdict),
    rewrite: answer.allowed ? report.rewrite : null,
    reasons: answer.reason === null ? report.reasons : [...report.reasons, { hook: "ask", text: answer.reason }],
    losses:
      dropped === null
        ? report.losses
        : [
            ...report.losses,
            { hook: dropped.hook, from: `rewrite ${dropped.target}`, to: "nothing", why: "the verdict is deny" }
          ]
  }
}

const answerOf = async (report: FireReport, ask: Ask, signal: AbortSignal) => {
  try {
    return { allowed: (await ask(report, { signal })) === true, reason: null }
  } catch (error) {
    return { allowed: false, reason: `asking failed: ${error instanceof Error ? error.message : String(error)}` }
  }
}
