/** Who and where, and what happened: the one flat object that goes in with an event. */
import { Option, Result, Schema, SchemaGetter, SchemaIssue } from "effect"

/** Ids are strings; a host that counts may pass a whole number. */
const Id = Schema.Union([Schema.String, Schema.Int]).pipe(
  Schema.decodeTo(Schema.String, { decode: SchemaGetter.transform(String), encode: SchemaGetter.passthrough() })
)

/** A key whose value is unknown is absent; `null` counts as absent. */
const known = <S extends Schema.Top>(schema: S) =>
  Schema.optionalKey(Schema.NullishOr(schema)).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional((value) =>
        Option.filter(value, (it) => it !== null && it !== undefined)
      ) as never,
      encode: SchemaGetter.passthrough() as never
    })
  )

const text = known(Schema.String)
const anything = Schema.optionalKey(Schema.Unknown)

/** A tool call. `name` is the canonical name, `nativeName` the host's own. */
export const ToolCall = Schema.Struct({
  name: Schema.String,
  nativeName: text,
  callId: known(Id),
  input: anything,
  mcp: known(Schema.Struct({ server: Schema.String, tool: Schema.String }))
})
export type ToolCall = typeof ToolCall.Type

export const Task = Schema.Struct({
  id: known(Id),
  name: text,
  dir: text,
  repoUrl: text,
  branch: text,
  workspaceDir: text,
  repoDir: text,
  artifactsDir: text
})
export type Task = typeof Task.Type

/**
 * The keys of an event's context. All are optional.
 * `env` is the environment as dialects and hooks see it; `extra` is for what a dialect knows and the model does not.
 */
export const EventContext = Schema.Struct({
  sessionId: known(Id),
  rootSessionId: known(Id),
  executionId: known(Id),
  threadId: known(Id),
  turnId: known(Id),
  agent: known(Schema.Struct({ id: known(Id), type: text, parentId: known(Id) })),
  cwd: text,
  projectDir: text,
  model: text,
  permissionMode: text,
  transcriptPath: text,
  task: known(Task),
  host: known(Schema.Struct({ name: text, version: text })),
  env: known(Schema.Record(Schema.String, Schema.String)),
  extra: known(Schema.Record(Schema.String, Schema.Unknown)),

  source: text,
  reason: text,
  prompt: text,
  request: anything,
  response: anything,
  tool: known(ToolCall),
  suggestions: anything,
  result: known(Schema.Struct({ output: anything, error: anything, durationMs: known(Schema.Finite) })),
  error: anything,
  tools: known(Schema.Array(Schema.Unknown)),
  lastMessage: text,
  /** Whether, or how often, this turn was resumed by a hook before. */
  alreadyResumed: known(Schema.Union([Schema.Boolean, Schema.Int])),
  trigger: text,
  instructions: text,
  summary: text,
  kind: text,
  title: text,
  message: text,
  filePath: text,
  change: text,
  from: text,
  to: text,
  input: anything,
  outcome: text,
  output: anything,
  budget: anything,
  results: anything,
  resultsPath: text,
  status: text
})
export type EventContext = typeof EventContext.Type

/** Every key that a context may have. */
export const contextKeys = Object.keys(EventContext.fields) as ReadonlyArray<keyof EventContext>

/** A context that does not fit: each place in it, and what was expected there. */
export class InvalidContext extends Schema.TaggedError<InvalidContext>()("InvalidContext", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, text: Schema.String }))
}) {
  override get message() {
    return this.problems.map(({ path, text }) => `context${path === "" ? "" : `.${path}`}: ${text}`).join("\n")
  }
}

const decode = Schema.decodeUnknownResult(EventContext)
const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Checks a context from outside. Unknown keys are left out; `unknownContextKeys` names them. */
export const decodeContext = (input: unknown): Result.Result<EventContext, InvalidContext> =>
  Result.mapError(
    decode(input, { errors: "all" }),
    (error) =>
      new InvalidContext({
        problems: formatIssues(error.issue).issues.map((issue) => ({
          path: (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join("."),
          text: issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
        }))
      })
  )

/** Keys that no event has; whoever passed them should be told. */
export const unknownContextKeys = (input: object): ReadonlyArray<string> =>
  Object.keys(input).filter((key) => !Object.hasOwn(EventContext.fields, key))
