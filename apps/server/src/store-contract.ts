/** What a database must keep to for the server to stand on it: for whoever brings another one. */
export {
  auditDatabase,
  type AuditOptions,
  type EmptyDatabase,
  type Finding,
  type Rule,
  rules,
  Violation
} from "./store/contract.ts"
