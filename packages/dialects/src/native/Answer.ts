/** What a hook may answer: one JSON object on stdout, a function's return value, the body of a response. */
import { type HookEvent, type Output, rewriteTargets, Verdict, verdicts } from "@tenterhook/core"
import { Exit, Schema, SchemaIssue } from "effect"
import { show } from "../config/Document.ts"
import { nearest } from "../config/nearest.ts"

const nullish = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullishOr(schema))
const text = (expected = "a text") => Schema.String.annotate({ message: `expected ${expected}` })

const Notice = Schema.Union([
  text(),
  Schema.Struct({
    level: Schema.optionalKey(
      Schema.Literals(["info", "warn", "error"]).annotate({ message: "expected info, warn or error" })
    ),
    text: text()
  })
])

const Rewrite = Schema.Struct({
  target: Schema.optionalKey(
    Schema.Literals(["input", "output", "prompt", "response"]).annotate({
      message: "expected input, output, prompt or response"
    })
  ),
  mode: Schema.optionalKey(Schema.Literals(["replace", "patch"]).annotate({ message: "expected replace or patch" })),
  value: Schema.Unknown.pipe(Schema.annotateKey({ messageMissingKey: "expected the value to put there" }))
})

/** The answer's keys; null and absent are the same. */
export const Answer = Schema.Struct({
  verdict: nullish(Verdict.annotate({ message: `expected ${verdicts.slice(0, -1).join(", ")} or ${verdicts.at(-1)}` })),
  reason: nullish(text()),
  rewrite: nullish(Rewrite.annotate({ message: "expected { target, mode, value }" })),
  context: nullish(
    Schema.Union([text(), Schema.Array(text())]).annotate({ message: "expected a text or a list of texts" })
  ),
  notices: nullish(Schema.Array(Notice).annotate({ message: "expected a list of texts or { level, text }" })),
  halt: nullish(
    Schema.Union([Schema.String, Schema.Boolean]).annotate({ message: "expected why the agent must stop, as text" })
  ),
  resume: nullish(
    Schema.Union([Schema.String, Schema.Boolean]).annotate({
      message: "expected why the agent must go on working, as text"
    })
  ),
  answer: Schema.optionalKey(Schema.Unknown),
  ext: Schema.optionalKey(Schema.Unknown)
})
export type Answer = typeof Answer.Type

export const answerKeys: ReadonlyArray<string> = Object.keys(Answer.fields)

/** What a value asks for, or why it cannot be read as an answer. */
export const readAnswer = (value: object, event: HookEvent): Output | string => {
  const unknown = Object.keys(value).filter((key) => !answerKeys.includes(key))
  const meant = unknown.find((key) => nearest(key, ["verdict"]) !== undefined)
  if (meant !== undefined) return `unknown key "${meant}"; did you mean "verdict"?`
  const foreign = unknown.find((key) => decisions.includes(key))
  if (foreign !== undefined && unknown.length === Object.keys(value).length) {
    return `"${foreign}" is another product's key; this dialect reads ${answerKeys.join(", ")}`
  }
  const exit = decode(value, { errors: "all" })
  if (Exit.isFailure(exit)) {
    const [reason] = exit.cause.reasons
    return reason?._tag === "Fail" ? problemOf(reason.error, value) : "not an answer"
  }
  return outputOf(exit.value, unknown, event)
}

const decode = Schema.decodeUnknownExit(Answer)
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where another product's hooks write their verdict. To overlook one would let through what was meant to be stopped. */
const decisions = [
  "decision",
  "permissionDecision",
  "permission",
  "hookSpecificOutput",
  "action",
  "continue",
  "allow",
  "block",
  "deny",
  "approve"
]

const problemOf = (error: Schema.SchemaError, value: unknown): string =>
  format(error.issue)
    .issues.map((issue) => {
      const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part))
      const came = path.reduce<unknown>(
        (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
        value
      )
      return `${path.map(String).join(".")}: ${issue.message}, got ${show(came)}`
    })
    .join("; ")

const outputOf = (answer: Answer, unknown: ReadonlyArray<string>, event: HookEvent): Output => {
  const { verdict, reason, rewrite, context, notices, halt, resume } = answer
  const said = [
    ...(notices ?? []).map((notice) =>
      typeof notice === "string"
        ? { level: "info" as const, text: notice }
        : { level: notice.level ?? ("info" as const), text: notice.text }
    ),
    ...(unknown.length === 0
      ? []
      : [{ level: "warn" as const, text: `its answer has unknown keys: ${shortList(unknown)}` }])
  ]
  const added = typeof context === "string" ? [context] : (context ?? [])
  const because = (word: string | boolean | null | undefined) =>
    word === true ? (reason ?? "the hook gave no reason") : word === false || word === null ? undefined : word
  const [halts, resumes] = [because(halt), because(resume)]
  return {
    ...(verdict === undefined || verdict === null ? {} : { verdict }),
    ...(reason === undefined || reason === null ? {} : { reason }),
    ...(rewrite === undefined || rewrite === null
      ? {}
      : {
          rewrite: {
            target: rewrite.target ?? rewriteTargets(event)[0] ?? "input",
            mode: rewrite.mode ?? "replace",
            value: rewrite.value
          }
        }),
    ...(added.length === 0 ? {} : { context: added }),
    ...(said.length === 0 ? {} : { notices: said }),
    ...(halts === undefined ? {} : { halt: halts }),
    ...(resumes === undefined ? {} : { resume: resumes }),
    ...(answer.answer === undefined || answer.answer === null ? {} : { answer: answer.answer }),
    ...(answer.ext === undefined || answer.ext === null ? {} : { ext: answer.ext })
  }
}

const shortList = (keys: ReadonlyArray<string>) => {
  const some = keys.slice(0, 8).map((key) => (key.length > 40 ? `${key.slice(0, 40)}…` : key))
  return keys.length > some.length ? `${some.join(", ")} and ${keys.length - some.length} more` : some.join(", ")
}
