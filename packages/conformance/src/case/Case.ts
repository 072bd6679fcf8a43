/** A case: a config in some dialect, files, what happens, and the report that must come back. Data, and nothing else. */
import { Schema } from "effect"
import { Matcher, MatcherObject } from "./Matcher.ts"

const optional = Schema.optionalKey

const text = Schema.NonEmptyString
const Names = Schema.Array(text)

const FileName = Schema.makeFilter(
  (files: Readonly<Record<string, unknown>>) =>
    Object.keys(files)
      .filter((path) => path === "" || path.startsWith("/") || path.split(/[/\\]/).includes(".."))
      .map((path) => ({ path: [path], issue: "expected a path below the case's folder" })),
  { expected: "paths below the case's folder", toJsonSchema: () => ({ propertyNames: { pattern: "^[^/]" } }) }
)

const listOf = <S extends Schema.Top>(item: S, what: string) =>
  Schema.Array(item).check(Schema.isMinLength(1, { message: `expected ${what}` }))

/** Text as YAML writes it: an unquoted number or boolean counts as it reads. */
const Scalar = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

const FileMode = Scalar.check(
  Schema.makeFilter((mode: unknown) => /^0?[0-7]{3}$/.test(String(mode)), {
    expected: `octal digits in quotes, as "0755"`,
    toJsonSchema: () => ({ pattern: "^0?[0-7]{3}$" })
  })
)

/** A file's text, or its text with its mode. */
export const CaseFile = Schema.Union([
  Schema.String,
  Schema.Struct({ mode: optional(FileMode), content: Schema.String })
]).annotate({ expected: "a text or {mode, content}" })
export type CaseFile = typeof CaseFile.Type

/** A tool of the case's host. */
export const CaseTool = Schema.Union([
  Schema.Struct({ name: text, does: Schema.Literal("return"), output: Schema.Unknown }),
  Schema.Struct({ name: text, does: Schema.Literal("hang") }),
  Schema.Struct({ name: text, does: Schema.Literal("fail"), error: Schema.String }),
  Schema.Struct({ name: text, does: Schema.Literal("echo") })
]).annotate({ expected: "a tool that does return, hang, fail or echo" })
export type CaseTool = typeof CaseTool.Type

const HttpStatus = Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 599 }))

/** A real HTTP server on loopback; its URL is `${RECEIVER_<NAME>}`. The last reply repeats. */
export const CaseReceiver = Schema.Struct({
  replies: listOf(
    Schema.Struct({
      status: HttpStatus,
      body: optional(Schema.String),
      headers: optional(Schema.Record(Schema.String, Schema.String))
    }),
    "at least one reply"
  )
})
export type CaseReceiver = typeof CaseReceiver.Type

/** A subscription for what dialects announce. `mode` names the rules of its deliveries where the format's are not meant. */
export const CaseEndpoint = Schema.Struct({
  url: text,
  events: optional(Names),
  secret: optional(text),
  mode: optional(text)
})
export type CaseEndpoint = typeof CaseEndpoint.Type

/** What a file of the case's folder must be after a step. */
export const FileExpectation = Schema.Struct({
  exists: optional(Schema.Boolean),
  content: optional(Matcher)
}).annotate({ identifier: "FileExpectation" })
export type FileExpectation = typeof FileExpectation.Type

/** A request that a receiver got. */
const Delivery = Schema.Struct({
  method: optional(Matcher),
  path: optional(Matcher),
  headers: optional(Schema.Record(Schema.String, Matcher)),
  body: optional(Matcher),
  verified: optional(Schema.Boolean)
}).annotate({ identifier: "Delivery" })

/** What must hold after a step, beside its own result. */
const afterwards = {
  files: optional(Schema.Record(text, FileExpectation)),
  calls: optional(Matcher),
  deliveries: optional(
    Schema.Record(
      text,
      Schema.Union([Schema.Array(Delivery), MatcherObject]).annotate({ expected: "a list of requests or a matcher" })
    )
  ),
  processes: optional(Matcher)
}

const Context = Schema.Record(Schema.String, Schema.Unknown)

export const FireStep = Schema.Struct({
  fire: text,
  context: optional(Context),
  expect: optional(Matcher),
  ...afterwards
})
export type FireStep = typeof FireStep.Type

export const ExecStep = Schema.Struct({
  exec: listOf(Scalar, "a command and its arguments"),
  context: optional(Context),
  expect: optional(Matcher),
  ...afterwards
})
export type ExecStep = typeof ExecStep.Type

/** `{error}`: it must be refused with that message; `{ok: true, notices}`: it must load. */
export const LoadStep = Schema.Struct({
  load: Schema.Struct({ ok: optional(Schema.Boolean), error: optional(Matcher), notices: optional(Matcher) }).check(
    Schema.makeFilter((load) => load.ok !== undefined || load.error !== undefined || load.notices !== undefined, {
      expected: "{ok: true}, or {error: …}"
    })
  ),
  ...afterwards
})
export type LoadStep = typeof LoadStep.Type

const duration = /^\d+(\.\d+)?(ms|s|m|h|d)$/

const Duration = Schema.String.check(
  Schema.makeFilter((text: string) => duration.test(text), {
    expected: "a duration as 500ms, 60s, 5m, 2h or 1d",
    toJsonSchema: () => ({ pattern: duration.source })
  })
)

export const ClockStep = Schema.Struct({ clock: Duration, ...afterwards })
export type ClockStep = typeof ClockStep.Type

export const Step = Schema.Union([FireStep, ExecStep, LoadStep, ClockStep]).annotate({ identifier: "Step" })
export type Step = typeof Step.Type

/** Everything but the steps. */
export const caseHead = {
  /** A sentence; it is the test's name. */
  title: text,
  dialect: text,
  /** The dialect's mode; absent: its default. */
  mode: optional(text),
  /** Whether its configs are read leniently: unknown keys and events are notices where the dialect refuses them. */
  lenient: optional(Schema.Boolean),
  /** The adapters that it uses, by package: shell, tool-call, webhook. */
  needs: optional(Names),
  platform: optional(Names),
  files: optional(Schema.Record(Schema.String, CaseFile).check(FileName)),
  env: optional(Schema.Record(text, Scalar)),
  config: optional(Schema.Union([text, Names])),
  tools: optional(Schema.Array(CaseTool)),
  receivers: optional(Schema.Record(text, CaseReceiver)),
  endpoints: optional(Schema.Array(CaseEndpoint))
}

export const Case = Schema.Struct({ ...caseHead, steps: listOf(Step, "at least one step") }).annotate({
  identifier: "Case",
  title: "Tenterhook conformance case"
})
export type Case = typeof Case.Type

/** The words that say what a step does, each with its schema. */
export const stepKinds = { fire: FireStep, exec: ExecStep, load: LoadStep, clock: ClockStep } as const
export type StepKind = keyof typeof stepKinds

export const kindOf = (step: Step): StepKind =>
  (Object.keys(stepKinds) as Array<StepKind>).find((kind) => kind in step)!
