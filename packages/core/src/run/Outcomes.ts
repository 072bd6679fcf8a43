import { Context } from "effect"
import type { OutcomeReport } from "../merge/FireReport.ts"

/** The outcomes of the fire in progress so far, in order of completion. */
export class Outcomes extends Context.Service<Outcomes, { readonly soFar: () => ReadonlyArray<OutcomeReport> }>()(
  "@tenterhook/core/run/Outcomes"
) {}
