/** The verdicts as a chain: the join of two is the stronger one, so the order of hooks cannot soften a deny. */
import { Schema } from "effect"

export const verdicts = ["abstain", "allow", "ask", "defer", "deny"] as const
export const Verdict = Schema.Literals(verdicts)
export type Verdict = typeof Verdict.Type

/** Associative, commutative, idempotent; `abstain` is its unit and `deny` absorbs. */
export const join = (a: Verdict, b: Verdict): Verdict => (verdicts.indexOf(a) >= verdicts.indexOf(b) ? a : b)

/** Whether the host may go on under this verdict. */
export const permits = (verdict: Verdict): boolean => verdict === "abstain" || verdict === "allow"
