/** Whether a case can be held against a subject at all. */
import type { Case } from "../case/Case.ts"
import type { Subject } from "./Subject.ts"

/** Why not, in words; null where it can. */
export const skipReason = (it: Case, subject: Subject): string | null => {
  if (it.platform !== undefined && !it.platform.includes(process.platform)) {
    return `for ${it.platform.join(", ")}; this is ${process.platform}`
  }
  const missing = [...needsOf(it)].filter((need) => !subject.needs.includes(need))
  if (missing.length > 0)
    return `needs ${missing.join(", ")}; ${subject.name} has ${subject.needs.join(", ") || "none"}`
  return null
}

/** What it says it needs, and what its parts imply. */
const needsOf = (it: Case): ReadonlySet<string> => {
  const needs = new Set(it.needs)
  if (it.tools !== undefined) needs.add("tool-call")
  if (it.receivers !== undefined || it.endpoints !== undefined) needs.add("webhook")
  for (const step of it.steps) {
    if ("exec" in step) needs.add("exec")
    if ("clock" in step) needs.add("clock")
    if (step.deliveries !== undefined) needs.add("webhook")
    if (step.calls !== undefined && !(Array.isArray(step.calls) && step.calls.length === 0)) needs.add("tool-call")
  }
  return needs
}
