/** The adapter contract without a test runner. */
import type { Adapters } from "@tenterhook/core"
import type { Effect, Layer } from "effect"
import { type AuditOptions, auditRules, type RuleResult } from "../Rule.ts"
import { adapterRules } from "./adapterRules.ts"
import type { Bench } from "./Bench.ts"

/** One result for each rule, in their order. The layer registers the adapter and brings its bench. */
export const audit = <E>(
  layer: Layer.Layer<Adapters | Bench, E>,
  options?: AuditOptions
): Effect.Effect<ReadonlyArray<RuleResult>> => auditRules(adapterRules, layer, options)
