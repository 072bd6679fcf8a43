/** What every dialect promises. Numbers are never given anew: the documentation and the dialects' tests quote them. */
import type { Rule } from "../Rule.ts"
import type { DialectBench } from "./DialectBench.ts"
import { firingRules } from "./firingRules.ts"
import { loadingRules } from "./loadingRules.ts"

/** In the order of their numbers. */
export const dialectRules: ReadonlyArray<Rule<DialectBench>> = [...loadingRules, ...firingRules]
