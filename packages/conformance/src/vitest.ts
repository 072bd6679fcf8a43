/** The contracts and the cases as vitest tests. The only entry that needs a test runner. */
import type { Adapters } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { describe, it } from "vitest"
import { loadCases } from "./case/loadCases.ts"
import { adapterRules } from "./contract/adapter/adapterRules.ts"
import type { Bench } from "./contract/adapter/Bench.ts"
import { DialectBench, type DialectFixtures } from "./contract/dialect/DialectBench.ts"
import { dialectRules } from "./contract/dialect/dialectRules.ts"
import { type AuditOptions, auditRule, formatRuleResult, holds, type Rule, unknownGaps } from "./contract/Rule.ts"
import { formatFailure } from "./run/formatSuite.ts"
import { type CaseLimits, runCase } from "./run/runCase.ts"
import type { Subject } from "./run/Subject.ts"

/** Registers one test for each promise of the adapter contract, on the real clock. The layer is built anew for each. */
export const suite = (name: string, layer: Layer.Layer<Adapters | Bench, unknown>, options: AuditOptions = {}): void =>
  describeRules(`adapter: ${name}`, adapterRules, layer, options)

/** Registers one test for each promise of the dialect contract. */
export const dialectSuite = (fixtures: DialectFixtures, options: AuditOptions = {}): void =>
  describeRules(`dialect: ${fixtures.dialect.id}`, dialectRules, Layer.succeed(DialectBench, fixtures), options)

/**
 * Registers one test for each case below the paths, named by its title; a skipped case is a skipped test that says why.
 * To be awaited at the top of a test file, for the cases are read first.
 */
export const caseSuite = async (
  paths: ReadonlyArray<string>,
  subject: Subject,
  options: CaseLimits & { readonly cwd?: string } = {}
): Promise<void> => {
  const cases = await loadCases(paths, options.cwd)
  const limitMs = options.caseLimitMs ?? 60_000
  describe(`cases: ${subject.name}`, () => {
    it("there are some", () => {
      if (cases.length === 0) throw new Error(`no cases below ${paths.join(", ")}`)
    })
    for (const loaded of cases) {
      it(loaded._tag === "case" ? loaded.case.title : loaded.file, { timeout: limitMs + 30_000 }, async (test) => {
        const result = await runCase(loaded, subject, options)
        if (result.status === "skipped") test.skip(result.reason)
        if (result.status === "failed") throw new Error(`${result.file}\n${formatFailure(result.failure)}`)
      })
    }
  })
}

const describeRules = <R>(
  name: string,
  rules: ReadonlyArray<Rule<R>>,
  layer: Layer.Layer<R, unknown>,
  options: AuditOptions
) => {
  unknownGaps(rules, options.knownGaps)
  const limitMs = options.limitMs ?? 20_000
  describe(name, () => {
    for (const rule of rules) {
      it(`${rule.id} ${rule.title}`, { timeout: 3 * limitMs + 10_000 }, async () => {
        const result = await Effect.runPromise(auditRule(rule, layer, options))
        if (holds(result)) return
        throw result.status === "broken" ? result.violation : new Error(formatRuleResult(result))
      })
    }
  })
}
