/** Who and where, and what happened: the one flat object that goes in with an event. */
import { Option, Result, Schema, SchemaGetter, SchemaIssue } from "effect"

/** Ids are strings; a host that counts may pass a whole number. */
const Id = Schema.Union([Schema.String, Schema.Int]).pipe(
  Schema.decodeTo(Schema.String, { decode: SchemaGetter.transform(String), encode: SchemaGetter.passthrough() })
)

/** A key whose value is unknown is absent; `null` counts as absent. */
const known = <S extends Schema.Top>(schema: S, description: string) =>
  Schema.optionalKey(Schema.NullishOr(schema).annotate({ description })).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional((value) =>
        Option.filter(value, (it) => it !== null && it !== undefined)
      ) as never,
      encode: SchemaGetter.passthrough() as never
    })
  )

const id = (description: string) => known(Id, description)
const text = (description: string) => known(Schema.String, description)
const anything = (description: string) => Schema.optionalKey(Schema.Unknown).annotateKey({ description })

/** A tool call. */
export const ToolCall = Schema.Struct({
  name: Schema.String.annotate({ description: "Canonical name, e.g. bash; what `tool` in a config is compared with" }),
  nativeName: text("The host's own name for the tool, e.g. Bash"),
  callId: id("Id of this call"),
  input: anything("The tool's input, usually an object"),
  mcp: known(
    Schema.Struct({
      server: Schema.String.annotate({ description: "Name of the MCP server" }),
      tool: Schema.String.annotate({ description: "The tool's name on that server" })
    }),
    "The MCP server of the tool, and the tool's name there"
  )
})
export type ToolCall = typeof ToolCall.Type

export const Task = Schema.Struct({
  id: id("Id of the task"),
  name: text("Name of the task"),
  dir: text("Folder of the task"),
  repoUrl: text("URL of the repository that the task works on"),
  branch: text("Branch of that repository"),
  workspaceDir: text("Folder of the workspace"),
  repoDir: text("Folder of the repository's working tree"),
  artifactsDir: text("Folder for what the task produces")
})
export type Task = typeof Task.Type

/**
 * The keys of an event's context. All are optional, except those that `EventFacts` names as required.
 * The descriptions are printed by `tenterhook schema context` and stand in docs/events.md.
 */
export const EventContext = Schema.Struct({
  sessionId: id("Id of the session"),
  rootSessionId: id(
    "Id of the session that started this one, or started its parent; a subagent's sessions have one root"
  ),
  executionId: id("Id of the execution: one whole run of an agent"),
  threadId: id("Id of the conversation"),
  turnId: id("Id of the turn"),
  agent: known(
    Schema.Struct({
      id: id("Id of the agent"),
      type: text("Type of the agent, e.g. reviewer"),
      parentId: id("Id of the agent that started it")
    }),
    "The agent that acts"
  ),
  cwd: text("The agent's working folder, absolute; hooks start there unless the config has another folder"),
  projectDir: text("Root folder of the project, absolute"),
  model: text("Name of the model"),
  permissionMode: text("The host's permission mode, in its own words"),
  transcriptPath: text("File with the conversation so far, in the host's own format"),
  task: known(Task, "The task that the agent works on"),
  host: known(
    Schema.Struct({ name: text("Name of the product"), version: text("Its version") }),
    "The product that fires the event"
  ),
  env: known(
    Schema.Record(Schema.String, Schema.String),
    "Environment as dialects and hooks see it. Default: the host's own. Not part of what a hook reads on stdin"
  ),
  extra: known(
    Schema.Record(Schema.String, Schema.Unknown),
    "Values that a dialect or a host needs and that have no key here; all data of a namespaced event"
  ),

  source: text("What caused it; at session_start: startup, resume, clear, compact or fork"),
  reason: text("Why it happened"),
  prompt: text("What the person wrote"),
  request: anything("The request for the model, in the host's own format"),
  response: anything("The model's response, or its text"),
  tool: known(ToolCall, "The tool call"),
  suggestions: anything("Permission rules that the host would offer to the person"),
  result: known(
    Schema.Struct({
      output: anything("What the tool returned"),
      error: anything("Error of the tool, if it reported one"),
      durationMs: known(Schema.Finite, "How long the call took, in milliseconds")
    }),
    "Result of the tool call"
  ),
  error: anything("What went wrong: a text or an object"),
  tools: known(Schema.Array(Schema.Unknown), "The tool calls, each with its result"),
  lastMessage: text("The agent's last message"),
  alreadyResumed: known(
    Schema.Union([Schema.Boolean, Schema.Int]),
    "Whether hooks made the agent resume work in this turn before, or how often"
  ),
  trigger: text("manual or auto"),
  instructions: text("What the person wants the summary to keep"),
  summary: text("The summary that replaces the conversation"),
  kind: text("Kind of the notification, in the host's own words"),
  title: text("Title of the notification"),
  message: text("Text of the notification"),
  filePath: text("The file"),
  change: text("What happened to the file, e.g. created, modified or deleted"),
  from: text("The folder before"),
  to: text("The folder from now on"),
  input: anything("Input of the execution"),
  outcome: text("success, error, aborted or budget_exhausted"),
  output: anything("Output of the execution"),
  budget: anything("The budget: what was limited, and how much was used"),
  results: anything("Results of the evaluation, inline"),
  resultsPath: text("File with the results"),
  status: text("Overall result, e.g. passed or failed")
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
