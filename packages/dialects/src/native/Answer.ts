/** What a hook may answer: one JSON object on stdout, a function's return value, the body of a response. */
import { type HookEvent, type Output, rewriteTargets, Verdict, verdicts } from "@tenterhook/core"
import { Exit, Schema, SchemaIssue } from "effect"
import { isOurKey, type OurKey, ourKeys } from "../answer/Word.ts"
import { show } from "../config/Document.ts"
import { nearest } from "../config/nearest.ts"
import { decisionsIn } from "../answer/decisionsIn.ts"
import { decisionText } from "../answer/DecisionText.ts"

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
} satisfies Record<OurKey, Schema.Top>)
export type Answer = typeof Answer.Type

export interface ReadOptions {
  readonly event: HookEvent
  /** The hook's failure denies. */
  readonly isClosed: boolean
}

/**
 * What a value asks for, or why it is not understood. A deny and a halt that can be read hold whatever stands beside
 * them; anything else holds only where no other key decides.
 */
export const readAnswer = (value: object, { event, isClosed }: ReadOptions): Output | string => {
  const unknown = Object.keys(value).filter((key) => !isOurKey(key))
  const exit = decode(value, { errors: "all" })
  if (Exit.isFailure(exit)) {
    const [reason] = exit.cause.reasons
    const problem = reason?._tag === "Fail" ? problemOf(reason.error, value) : "not an answer"
    return saysDeny(value) ? denyAlone(value, problem) : (strangeIn(value, unknown, event) ?? problem)
  }
  const output = outputOf(exit.value, unknown, event)
  if (output.verdict === "deny" || output.halt !== undefined) return output
  const strange = strangeIn(value, unknown, event)
  if (strange !== undefined) return strange
  const hidden = mayDecide(event) ? denialInOwnKeys(value) : undefined
  if (hidden === undefined) return mayDecide(event) ? withRemark(output) : output
  return isClosed ? hidden : noticed(output, hidden)
}

/** Whether an answer at this event can keep the agent from what it is about to do. */
export const mayDecide = (event: HookEvent): boolean => event.class === "gate" || event.class === "loop"

const decode = Schema.decodeUnknownExit(Answer)
const format = SchemaIssue.makeFormatterStandardSchemaV1()

const saysDeny = (value: object) => Object.hasOwn(value, "verdict") && (value as Answer).verdict === "deny"

const denyAlone = (value: object, problem: string): Output => {
  const reason: unknown = Object.hasOwn(value, "reason") ? (value as Answer).reason : undefined
  return noticed({ verdict: "deny", ...(typeof reason === "string" ? { reason } : {}) }, problem)
}

/**
 * A key of nobody's, or another product's, that decides. Beside a verdict of ours an ordinary `status` or a detail further
 * down is a matter of the hook, unless it says no.
 */
const strangeIn = (value: object, unknown: ReadonlyArray<string>, event: HookEvent): string | undefined => {
  if (unknown.length === 0) return undefined
  const hasVerdict = verdicts.includes((value as Answer).verdict as Verdict)
  const found = decisionsIn(value, unknown).filter(({ denies, weight, atTop }) => {
    if (!mayDecide(event)) return atTop && weight === "strong"
    return denies || !hasVerdict || (atTop && weight === "strong")
  })
  const told = found.find((one) => one.denies) ?? found[0]
  return told === undefined ? undefined : decisionText(told, value)
}

/** A deny in a text or a value that goes elsewhere: to a person, to the model, nowhere. The value of a rewrite is the agent's. */
const denialInOwnKeys = (value: object): string | undefined => {
  const keys = ourKeys.filter((key) => key !== "verdict" && key !== "rewrite" && Object.hasOwn(value, key))
  const found = decisionsIn(value, keys).find((one) => one.denies && one.key !== "halt" && one.key !== "resume")
  return found === undefined ? undefined : `its answer goes on, and its ${decisionText(found, value)}`
}

const withRemark = (output: Output): Output => {
  const { reason, verdict, rewrite, context, resume } = output
  if (reason === undefined || [verdict, rewrite, context, resume].some((one) => one !== undefined)) return output
  return noticed(output, `its answer has a reason and no verdict; write {"verdict":"deny","reason":"…"} to deny`)
}

const noticed = (output: Output, text: string): Output => ({
  ...output,
  notices: [...(output.notices ?? []), { level: "warn", text }]
})

const problemOf = (error: Schema.SchemaError, value: unknown): string =>
  format(error.issue)
    .issues.map((issue) => {
      const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part))
      const came = path.reduce<unknown>(
        (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
        value
      )
      const meant = path[0] === "verdict" && typeof came === "string" ? nearest(came.trim(), verdicts) : undefined
      const hint = meant === undefined ? "" : `; did you mean "${meant}"?`
      return `${path.map(String).join(".")}: ${issue.message}, got ${show(came)}${hint}`
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
