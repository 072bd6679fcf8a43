/** The native config file, as a schema: it decodes configs, and the published JSON Schema is made from it. */
import { canonicalEvents, type HookFunction, namespacedEvent } from "@tenterhook/core"
import { Schema } from "effect"
import { durationPattern, durationProblem, timeForm } from "./duration.ts"
import { ToolPattern, ValuePattern } from "./Pattern.ts"

const optional = Schema.optionalKey
const text = (description: string, expected = "a text; numbers need quotes") =>
  Schema.String.annotate({ description, message: `expected ${expected}` })
const flag = (description: string) => Schema.Boolean.annotate({ description, message: "expected true or false" })
const choice = <const L extends ReadonlyArray<string>>(literals: L, description: string) =>
  Schema.Literals(literals).annotate({
    description,
    message: `expected ${literals.slice(0, -1).join(", ")} or ${literals.at(-1)}`
  })

const noNul = Schema.makeFilter((value: string) => (value.includes("\0") ? "expected no NUL character" : undefined))
const notBlank = Schema.makeFilter((value: string) =>
  value.trim() === "" ? "expected more than white space" : undefined
)
const form = (pattern: RegExp, expected: string) => Schema.isPattern(pattern, { message: `expected ${expected}` })

const Duration = text(
  `A time with its unit, like 500ms, 5s, 1m30s or 2h; "none" for no limit.`,
  timeForm.replace(/^expected /, "")
).check(Schema.makeFilter(durationProblem, { toJsonSchema: () => ({ pattern: durationPattern }) }))
/** Of an event's name, for editors. Loading reports unknown names itself, with the nearest one. */
export const eventForm = { anyOf: [{ enum: canonicalEvents }, { pattern: namespacedEvent.source }] }
const EventText = text("An event, or * for all.", "the name of an event")
  .check(
    notBlank,
    Schema.makeFilter<string>(() => undefined, {
      toJsonSchema: () => ({ anyOf: [{ enum: ["*", ...canonicalEvents] }, { pattern: namespacedEvent.source }] })
    })
  )
  .annotate({ identifier: "Event" })
const Word = text("A word of the command.", "a text; a number needs quotes").check(noNul)
const envName = /^[A-Za-z_][A-Za-z0-9_]*$/
const EnvName = Schema.String.annotate({
  description: "Name of an environment variable.",
  message: "expected the name of an environment variable"
}).check(form(envName, "the name of an environment variable"))
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** A key that does not fit is a problem at its place; a schema for keys would only leave it out. */
const keys = (pattern: RegExp, expected: string) =>
  Schema.makeFilter(
    (value: Readonly<Record<string, unknown>>) =>
      Object.keys(value)
        .filter((key) => !pattern.test(key))
        .map((key) => ({ path: [key], issue: `expected ${expected} as its key` })),
    { toJsonSchema: () => ({ propertyNames: { pattern: pattern.source } }) }
  )
const OnFailure = choice(
  ["continue", "block"],
  "What the hook's failure means: continue as if it were not there, or block: deny."
)

const Env = Schema.Record(Schema.String, text("${path} is filled in.", "a text; a number needs quotes").check(noNul))
  .annotate({
    description: "Variables set on top of the environment. ${path} is filled in with this fire's value.",
    message: "expected a map of names to texts"
  })
  .check(keys(envName, "the name of an environment variable"))

const Policy = Schema.Struct({
  order: optional(choice(["sequential", "parallel"], "One after the other (default), or all at once.")),
  halting: optional(
    choice(
      ["never", "decisive", "failure"],
      "When the hooks that follow are not run: never (default), after a deny or a halt, or after a failure. With order: parallel only never."
    )
  ),
  dedupe: optional(
    choice(
      ["none", "action"],
      "With action, of hooks that match and do the very same only the first runs. Default none."
    )
  ),
  rewrite: optional(
    choice(["lastInOrder", "firstWins"], "Which rewrite holds when several hooks ask for one. Default lastInOrder.")
  )
}).annotate({
  identifier: "Policy",
  description: "How hooks run and add up.",
  message: "expected a map with order, halting, dedupe, rewrite"
})

const Command = Schema.String.annotate({
  description: "A line for /bin/sh -c. Values are never put into it: read them from stdin or from variables."
}).check(notBlank, noNul)
const Argv = Schema.Array(Word)
  .annotate({
    description:
      "A program and its arguments, executed as they stand. An argument that is one ${path} becomes that value."
  })
  .check(
    Schema.isMinLength(1, { message: "expected a program and its arguments" }),
    Schema.makeFilter(([program]) => (program === "" ? "expected the name of a program first" : undefined))
  )
const runDescription = {
  description: "A command: a text is a line for /bin/sh -c, a list is a program and its arguments.",
  message: "expected a command line, or a list of a program and its arguments"
}
const Code = Schema.declare((value: unknown): value is HookFunction => typeof value === "function").annotate({
  message: `${runDescription.message}, or a function`
})
const run = Schema.Union([Command, Argv]).annotate(runDescription)
const runOrCode = Schema.Union([Command, Argv, Code]).annotate({ message: `${runDescription.message}, or a function` })

const Cwd = text(
  "The folder that run starts in, relative to the config's folder. ${path} is filled in: ${cwd} is the agent's folder. Default: the config's folder.",
  "a folder"
).check(notBlank, noNul)

const envBaseForm = "expected inherit, closed, or a list of variables"

const fields = {
  name: optional(text("What reports call it. Default: its event and its number.", "a name").check(notBlank)),
  on: Schema.Union([
    EventText,
    Schema.Array(EventText).check(Schema.isMinLength(1, { message: "a hook without an event never runs" }))
  ])
    .annotate({
      description: `The event it is for, a list of them, or "*" for all: pre_tool_use, execution_end, my-host:deployed.`,
      message: 'expected an event, a list of events, or "*"'
    })
    .pipe(Schema.annotateKey({ messageMissingKey: "expected the event that it is for: on: pre_tool_use" })),
  tool: optional(
    ToolPattern.annotate({
      description:
        "Only for these tools, by their canonical name: a glob, {regex: …}, or a list. An event without a tool fits no pattern but *.",
      message: "expected a glob like mcp__*, {regex: …}, or a list of them"
    })
  ),
  when: optional(
    Schema.Record(Schema.String, ValuePattern).annotate({
      description:
        "Only where each of these context values fits: dotted path to glob, number, true, false, {regex: …}, {not: …}, or a list.",
      message: "expected a map of context paths to patterns"
    })
  ),
  call: optional(text("A tool to call.", "the name of a tool").check(notBlank)),
  with: optional(
    Schema.Record(Schema.String, Schema.Unknown)
      .annotate({
        description: "The input of call. ${path} is filled in.",
        message: "expected a map: the tool's input"
      })
      .check(Schema.makeFilter((value) => (isJson(value) ? undefined : "expected values that JSON can write")))
  ),
  post: optional(
    text(
      "An address to post the event to, and to read the answer from. ${path} is filled in, percent-encoded.",
      "an address"
    ).check(form(/^https?:\/\/[^\s/?#$]+(?:[/?#]\S*)?$/, "an http:// or https:// address, without ${…} in its host"))
  ),
  method: optional(choice(["POST", "PUT", "PATCH"], "The HTTP method of post. Default POST.")),
  headers: optional(
    Schema.Record(
      Schema.String,
      text("${path} is filled in.", "a text; a number needs quotes").check(form(/^[^\r\n\0]*$/, "one line"))
    )
      .annotate({
        description: "Headers of post. ${path} is filled in.",
        message: "expected a map of header names to texts"
      })
      .check(keys(headerName, "the name of a header"))
  ),
  secret: optional(
    Schema.Struct({
      env: EnvName.pipe(
        Schema.annotateKey({ messageMissingKey: "expected the variable that holds the secret: secret: { env: NAME }" })
      )
    }).annotate({
      description:
        "What signs post (Standard Webhooks): the name of the host's environment variable that holds it. Never the secret itself.",
      message: "expected { env: NAME }: the name of the variable that holds the secret, never the secret itself"
    })
  ),
  action: optional(
    Schema.StructWithRest(
      Schema.Struct({
        kind: text("The adapter's kind.", "the kind of an adapter").pipe(
          Schema.annotateKey({ messageMissingKey: "expected the kind of its adapter: action: { kind: … }" })
        )
      }),
      [Schema.Record(Schema.String, Schema.Unknown)]
    ).annotate({
      description: "An action of any adapter that the host has, in that adapter's own words.",
      message: "expected a map with kind"
    })
  ),
  timeout: optional(
    Duration.annotate({ description: "Its deadline, like 500ms, 5s or 1m30s; none for no limit. Default 60s." })
  ),
  onFailure: optional(OnFailure),
  enabled: optional(flag("false: it does not run. Default true.")),
  env: optional(Env),
  envBase: optional(
    Schema.Union([
      Schema.Literals(["inherit", "closed"]).annotate({ message: envBaseForm }),
      Schema.Array(EnvName)
    ]).annotate({
      description:
        "The environment that run starts from: the host's (inherit, default), nothing (closed), or these variables of the host's.",
      message: envBaseForm
    })
  ),
  cwd: optional(Cwd),
  stdin: optional(choice(["event", "empty"], "What run reads: the event as one JSON object (default), or nothing.")),
  linger: optional(
    choice(
      ["keep", "end"],
      "What becomes of processes that it leaves running: keep until the execution ends (default), or end them with the hook."
    )
  ),
  description: optional(text("For people.", "a text"))
} as const

const hookForm = "expected a hook: a map with on, and one of run, call, post, action"

/** A hook of a file. */
export const HookConfig = Schema.Struct({ ...fields, run: optional(run) }).annotate({
  identifier: "Hook",
  description: "When it runs, what it does (one of run, call, post, action), and what its failure means.",
  message: hookForm
})
/** A hook given in code; `run` may be a function there. */
export const CodeHookConfig = Schema.Struct({ ...fields, run: optional(runOrCode) }).annotate({ message: hookForm })
export type HookConfig = typeof CodeHookConfig.Type

const header = {
  $schema: optional(text("The JSON Schema of this file, for editors.", "a text")),
  version: optional(Schema.Literal(1).annotate({ description: "The version of this format.", message: "expected 1" })),
  plugins: optional(
    Schema.Array(
      text(
        "A file, relative to this config's folder, or a package that is installed there or above.",
        "a file or the name of a package"
      ).check(notBlank)
    ).annotate({
      description:
        "Modules that export adapters and dialects. Loaded only where a person names this config; refused where it is found or sent.",
      message: "expected a list of files and names of packages"
    })
  ),
  defaults: optional(
    Schema.Struct({ timeout: optional(Duration), onFailure: optional(OnFailure), cwd: optional(Cwd) }).annotate({
      description: "What holds for hooks that do not say otherwise.",
      message: "expected a map with timeout, onFailure, cwd"
    })
  ),
  policy: optional(Policy),
  policies: optional(
    Schema.Record(Schema.String, Policy).annotate({
      description: "A policy for single events, on top of policy.",
      message: "expected a map of events to policies"
    })
  )
}
const hooksKey = { messageMissingKey: "expected hooks: a list of hooks" }

/** Everything but the hooks, which are decoded one by one so that each problem is found. */
export const HeaderConfig = Schema.Struct({
  ...header,
  hooks: Schema.Array(Schema.Unknown)
    .annotate({ message: "expected a list of hooks" })
    .pipe(Schema.annotateKey(hooksKey))
}).annotate({ message: "expected a map with hooks: a list of hooks" })
export type HeaderConfig = typeof HeaderConfig.Type
export type PolicyConfig = typeof Policy.Type

/** A whole file, for its JSON Schema. */
export const FileConfig = Schema.Struct({
  ...header,
  hooks: Schema.Array(HookConfig).annotate({ description: "The hooks, in the order they run." })
}).annotate({ title: "Tenterhook", description: "tenterhook.yaml or tenterhook.json: the hooks of an AI agent." })

export const headerKeys: ReadonlyArray<string> = Object.keys(HeaderConfig.fields)
export const hookKeys: ReadonlyArray<string> = Object.keys(CodeHookConfig.fields)
export const policyKeys: ReadonlyArray<string> = Object.keys(Policy.fields)
export const defaultsKeys: ReadonlyArray<string> = ["timeout", "onFailure", "cwd"]

/** What a hook does: it has exactly one of these keys. */
export const actionKeys = ["run", "call", "post", "action"] as const
export type ActionKey = (typeof actionKeys)[number]

/** The action that a key is for. */
export const belongsTo: Readonly<Record<string, ActionKey>> = {
  with: "call",
  method: "post",
  headers: "post",
  secret: "post",
  env: "run",
  envBase: "run",
  cwd: "run",
  stdin: "run",
  linger: "run"
}

const isJson = (value: unknown): boolean => {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}
