/** A case: a config in some dialect, files, what happens, and the report that must come back. Data, and nothing else. */
import { Schema } from "effect"
import { Matcher, MatcherObject } from "./Matcher.ts"

/** A key with its description, which editors show. Of what may be anything only the key itself can have one. */
const key = <S extends Schema.Top>(schema: S, description: string): S["Rebuild"] =>
  schema.ast._tag === "Unknown" ? schema.annotateKey({ description }) : schema.annotate({ description })
const optional = <S extends Schema.Top>(schema: S, description: string) => Schema.optionalKey(key(schema, description))

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
  Schema.Struct({
    mode: optional(FileMode, 'Mode of the file, in quotes: "0755"'),
    content: key(Schema.String, "Text of the file")
  })
]).annotate({ expected: "a text or {mode, content}" })
export type CaseFile = typeof CaseFile.Type

const toolName = key(text, "Name of the tool")
const does = <const L extends string>(word: L) =>
  key(Schema.Literal(word), "What it does when it is called: return, hang, fail or echo")

/** A tool of the case's host. */
export const CaseTool = Schema.Union([
  Schema.Struct({ name: toolName, does: does("return"), output: key(Schema.Unknown, "What it returns") }),
  Schema.Struct({ name: toolName, does: does("hang") }),
  Schema.Struct({ name: toolName, does: does("fail"), error: key(Schema.String, "Message of the error") }),
  Schema.Struct({ name: toolName, does: does("echo") })
]).annotate({ expected: "a tool that does return, hang, fail or echo" })
export type CaseTool = typeof CaseTool.Type

const HttpStatus = Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 599 }))

/** A real HTTP server on loopback; its URL is `${RECEIVER_<NAME>}`. The last reply repeats. */
export const CaseReceiver = Schema.Struct({
  replies: key(
    listOf(
      Schema.Struct({
        status: key(HttpStatus, "HTTP status"),
        body: optional(Schema.String, "Body of the reply"),
        headers: optional(Schema.Record(Schema.String, Schema.String), "Headers of the reply")
      }),
      "at least one reply"
    ),
    "Its replies in order; the last one repeats"
  )
})
export type CaseReceiver = typeof CaseReceiver.Type

/** A subscription for what dialects announce. `mode` names the rules of its deliveries where the format's are not meant. */
export const CaseEndpoint = Schema.Struct({
  url: key(text, "URL of the endpoint, e.g. ${RECEIVER_OPS}"),
  events: optional(Names, "Types of the announcements that it gets. Default: all"),
  secret: optional(text, "Secret that signs its deliveries. Default: one that the kit makes"),
  mode: optional(text, "Name of the rules of its deliveries")
})
export type CaseEndpoint = typeof CaseEndpoint.Type

/** What a file of the case's folder must be after a step. */
export const FileExpectation = Schema.Struct({
  exists: optional(Schema.Boolean, "Whether the file exists"),
  content: optional(Matcher, "Text of the file")
}).annotate({ identifier: "FileExpectation" })
export type FileExpectation = typeof FileExpectation.Type

/** A request that a receiver got. */
const Delivery = Schema.Struct({
  method: optional(Matcher, "HTTP method"),
  path: optional(Matcher, "Path and query"),
  headers: optional(Schema.Record(Schema.String, Matcher), "Headers, by their name in lower case"),
  body: optional(Matcher, "Body, as JSON where it is JSON"),
  verified: optional(Schema.Boolean, "Whether its signature is valid (Standard Webhooks)")
}).annotate({ identifier: "Delivery" })

/** What must hold after a step, beside its own result. */
const afterwards = {
  files: optional(Schema.Record(text, FileExpectation), "Files of the case's folder after the step, by path"),
  calls: optional(Matcher, "Calls of the case's tools so far"),
  deliveries: optional(
    Schema.Record(
      text,
      Schema.Union([Schema.Array(Delivery), MatcherObject]).annotate({ expected: "a list of requests or a matcher" })
    ),
    "Requests that each receiver got so far, by its name"
  ),
  processes: optional(Matcher, "How many processes of the case are alive after the step")
}

const Context = Schema.Record(Schema.String, Schema.Unknown)

export const FireStep = Schema.Struct({
  fire: key(text, "The event that is fired"),
  context: optional(Context, "Context of the event"),
  expect: optional(Matcher, "What the report must be"),
  ...afterwards
})
export type FireStep = typeof FireStep.Type

export const ExecStep = Schema.Struct({
  exec: key(listOf(Scalar, "a command and its arguments"), "A command that runs between its start and end hooks"),
  context: optional(Context, "Context of the execution"),
  expect: optional(Matcher, "What {start, end, exitCode, stdout, stderr} must be"),
  ...afterwards
})
export type ExecStep = typeof ExecStep.Type

/** `{error}`: it must be refused with that message; `{ok: true, notices}`: it must load. */
export const LoadStep = Schema.Struct({
  load: key(
    Schema.Struct({
      ok: optional(Schema.Boolean, "true: the configs load"),
      error: optional(Matcher, "The configs are refused: all problems, one in a line"),
      notices: optional(Matcher, "Notices of loading, each as file:line:column: text")
    }),
    "Loads the configs and fires nothing"
  ).check(
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

export const ClockStep = Schema.Struct({
  clock: key(Duration, "Moves the clock forward by this time, e.g. 5m"),
  ...afterwards
})
export type ClockStep = typeof ClockStep.Type

export const Step = Schema.Union([FireStep, ExecStep, LoadStep, ClockStep]).annotate({ identifier: "Step" })
export type Step = typeof Step.Type

/** Everything but the steps. */
export const caseHead = {
  title: key(text, "A sentence; the name of the test"),
  dialect: key(text, "Id of the dialect, e.g. native"),
  mode: optional(text, "The dialect's mode. Default: its first"),
  lenient: optional(
    Schema.Boolean,
    "true: unknown keys and events are notices where the dialect refuses them. Default: false"
  ),
  needs: optional(Names, "The adapters that the case uses, by package: shell, tool-call, webhook; also clock"),
  platform: optional(Names, "The platforms that the case is for, as Node names them. Default: all"),
  files: optional(
    Schema.Record(Schema.String, CaseFile).check(FileName),
    "Files that are written to the case's folder: a text, or {mode, content}"
  ),
  env: optional(Schema.Record(text, Scalar), "Variables of the host's environment"),
  config: optional(Schema.Union([text, Names]), "The config, or a list of configs, by their path in the case's folder"),
  tools: optional(Schema.Array(CaseTool), "Tools of the host"),
  receivers: optional(
    Schema.Record(text, CaseReceiver),
    "HTTP servers on loopback; the URL of the one named ops is ${RECEIVER_OPS}"
  ),
  endpoints: optional(Schema.Array(CaseEndpoint), "Subscriptions for what dialects announce")
}

export const Case = Schema.Struct({
  ...caseHead,
  steps: key(listOf(Step, "at least one step"), "What happens, in order")
}).annotate({
  identifier: "Case",
  title: "Tenterhook conformance case",
  description: "A config in some dialect, files, what happens, and the report that must come back."
})
export type Case = typeof Case.Type

/** The words that say what a step does, each with its schema. */
export const stepKinds = { fire: FireStep, exec: ExecStep, load: LoadStep, clock: ClockStep } as const
export type StepKind = keyof typeof stepKinds

export const kindOf = (step: Step): StepKind =>
  (Object.keys(stepKinds) as Array<StepKind>).find((kind) => kind in step)!
