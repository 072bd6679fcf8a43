/** One suite for engines, adapters and dialects: cases as data, promises with numbers, drivers. Needs no test runner. */
export { Case, type CaseFile, type Step } from "./case/Case.ts"
export { caseJsonSchema } from "./case/caseJsonSchema.ts"
export { type LoadedCase, loadCase, loadCases, parseCase } from "./case/loadCases.ts"
export { match, type Mismatch } from "./case/match.ts"
export { matcherWords } from "./case/Matcher.ts"
export {
  type CaseSetup,
  type ExecResult,
  type LoadResult,
  type Session,
  type SetupEndpoint,
  type Subject
} from "./run/Subject.ts"
export { type HostTool } from "./host/HostTools.ts"
export { type McpServer, openMcpServer } from "./host/openMcpServer.ts"
export { type CaseFailure, type CaseResult, type SuiteResult } from "./run/SuiteResult.ts"
export { runCases, type RunOptions } from "./run/runCases.ts"
export { runCase } from "./run/runCase.ts"
export { countLine, formatFailure, formatSuite } from "./run/formatSuite.ts"
export { commandSubject } from "./subject/commandSubject.ts"
export { type CaseExecution } from "./subject/execWithin.ts"
export { type EngineHooks, type EngineOptions, engineSubject } from "./subject/engineSubject.ts"
export { type ServerOptions, serverSubject } from "./subject/serverSubject.ts"
export { noticeText } from "./subject/noticeText.ts"
export {
  type AuditOptions,
  formatRuleResult,
  holds,
  type KnownGaps,
  type Rule,
  type RuleResult,
  Unchecked,
  Violation
} from "./contract/Rule.ts"
export { audit } from "./contract/adapter/audit.ts"
export { adapterRules } from "./contract/adapter/adapterRules.ts"
export { Bench, type Behaviour, type Capabilities } from "./contract/adapter/Bench.ts"
export { auditDialect } from "./contract/dialect/auditDialect.ts"
export { DialectBench, type DialectFixtures } from "./contract/dialect/DialectBench.ts"
export { dialectRules } from "./contract/dialect/dialectRules.ts"
export { type AnyAnswer, anyAnswer, anyDeny, anyText } from "./contract/dialect/anyAnswer.ts"
export { type Chance, chance } from "./contract/dialect/Chance.ts"
