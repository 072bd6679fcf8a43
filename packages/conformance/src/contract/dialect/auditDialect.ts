/** The dialect contract without a test runner. */
import { type Effect, Layer } from "effect"
import { type AuditOptions, auditRules, type RuleResult } from "../Rule.ts"
import { DialectBench, type DialectFixtures } from "./DialectBench.ts"
import { dialectRules } from "./dialectRules.ts"

/** One result for each rule, in their order. */
export const auditDialect = (
  fixtures: DialectFixtures,
  options?: AuditOptions
): Effect.Effect<ReadonlyArray<RuleResult>> => auditRules(dialectRules, Layer.succeed(DialectBench, fixtures), options)
