/** The contracts and the cases as vitest tests. The only entry that needs a test runner. */
import type { Adapters } from "@tenterhook/core"
import { Effect, type Layer } from "effect"
import { describe, it } from "vitest"
import { adapterRules } from "./contract/adapter/adapterRules.ts"
import type { Bench } from "./contract/adapter/Bench.ts"
import { type AuditOptions, auditRule, formatRuleResult, holds, type Rule, unknownGaps } from "./contract/Rule.ts"

/** Registers one test for each promise of the adapter contract, on the real clock. The layer is built anew for each. */
export const suite = (name: string, layer: Layer.Layer<Adapters | Bench, unknown>, options: AuditOptions = {}): void =>
  describeRules(`adapter: ${name}`, adapterRules, layer, options)

const describeRules = <R>(name: string, rules: ReadonlyArray<Rule<R>>, layer: Layer.Layer<R, unknown>, options: AuditOptions) => {
  unknownGaps(rules, options.knownGaps)
  const limitMs = options.limitMs ?? 20_000
  describe(name, () => {
    for (const rule of rules) {
      it(`${rule.id} ${rule.title}`, { timeout: limitMs + 10_000 }, async () => {
        const result = await Effect.runPromise(auditRule(rule, layer, options))
        if (holds(result)) return
        throw result.status === "broken" ? result.violation : new Error(formatRuleResult(result))
      })
    }
  })
}
