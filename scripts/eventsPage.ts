/**
 * `docs/events.md`, from the table of events, the schema of the context and the dialects' names. After a change of these:
 * `node_modules/.bin/node --conditions=@tenterhook/source scripts/eventsPage.ts`
 */
import {
  canonicalEvents,
  type CanonicalEvent,
  type Dialect,
  EventContext,
  factsOf,
  sharedContextKeys
} from "@tenterhook/core"
import * as dialects from "@tenterhook/dialects"
import { Schema } from "effect"
import { writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { within } from "./workspace.mjs"

export const eventsPage = (): string =>
  `# Events

<!-- Written by scripts/eventsPage.ts; do not edit. -->

An agent fires an event by its name, with a context: one flat JSON object that describes who acts and what happened. A hook
in \`tenterhook.yaml\` names its events in \`on\`. What it may answer depends on the event's class.

Names are in snake_case: what other products call \`PreToolUse\` is \`pre_tool_use\` here. Their own configs keep their own
names, which this page lists. \`tenterhook schema context\` prints the context as a JSON Schema, with the same descriptions.

## What a hook may answer

| class | the event | a hook may |
|---|---|---|
| \`gate\` | something is about to happen | give a verdict: \`allow\`, \`ask\`, \`defer\` or \`deny\`. Exit code 2 is a deny |
| \`loop\` | the agent is about to end its work | make it resume, with a reason. Exit code 2 does so |
| \`transform\` | data is about to flow on | replace it |
| \`observe\` | something happened | none of these |

At every event a hook may also add \`context\` for the agent and \`notices\` for people, or stop the agent altogether with
\`halt\`. Where the table names a rewrite, a hook may replace that part; the first is the default. Everything else that a hook
answers is dropped, and \`losses\` of the report name it. [The config](config.md#an-answer) has the form of an answer.

| event | class | rewrites | context keys, beside those of any event |
|---|---|---|---|
${canonicalEvents.map(rowOf).join("\n")}

A context has the keys of its event and [those of any event](#context-keys). All are optional except where this page says
*required*. A key whose value is unknown is left out, or \`null\`.

${canonicalEvents.map(sectionOf).join("\n")}
## Events of your own

\`<namespace>:<name>\`, e.g. \`acme:deploy\`, is an event of the host's own, and needs no declaration. It observes, unless the
host fires it with a class: \`hooks.fire("acme:deploy", context, { class: "gate" })\`. Its data stands in \`extra\`.

## Context keys

Ids are texts; a whole number is taken as its text.

| key | type | description | at |
|---|---|---|---|
${contextKeyRows().join("\n")}
`

const rowOf = (name: CanonicalEvent): string => {
  const { class: eventClass, rewrites = [], keys, requires = [] } = factsOf(name)
  const shown = keys.map((key) => `\`${key}\`${requires.includes(key) ? " (required)" : ""}`)
  return `| [\`${name}\`](#${name}) | ${eventClass} | ${codes(rewrites)} | ${shown.join(", ")} |`
}

const sectionOf = (name: CanonicalEvent): string => {
  const { class: eventClass, description, requires = [], rewrites = [] } = factsOf(name)
  const about = [
    `\`${eventClass}\``,
    ...(rewrites.length === 0 ? [] : [`a hook may replace ${codes(rewrites)}`]),
    ...(requires.length === 0 ? [] : [`${codes(requires)} is required`])
  ]
  const others = namesElsewhere(name)
  return `### ${name}

${description} ${about.join("; ")}.${others === "" ? "" : `\\\nIn products' configs: ${others}.`}

\`\`\`json
${shown(examples[name])}
\`\`\`
`
}

/** A dialect's own names for the event; those of `native` are these. */
const namesElsewhere = (name: CanonicalEvent): string =>
  (Object.values(dialects) as ReadonlyArray<unknown>)
    .filter(isDialect)
    .filter(({ id }) => id !== "native")
    .toSorted((a, b) => a.id.localeCompare(b.id))
    .flatMap(({ id, events }) => {
      const own = Object.entries(events).flatMap(([native, { event }]) => (event === name ? [native] : []))
      return own.length === 0 ? [] : [`${codes(own)} ([${id}](dialects/${id}.md))`]
    })
    .join(", ")

const isDialect = (value: unknown): value is Dialect =>
  typeof value === "object" && value !== null && "modes" in value && "events" in value

const contextKeyRows = (): ReadonlyArray<string> => {
  const { properties } = Schema.toJsonSchemaDocument(EventContext).schema as unknown as JsonSchema
  return Object.entries(properties!).flatMap(([key, schema]) => {
    const at = canonicalEvents.filter((name) => (factsOf(name).keys as ReadonlyArray<string>).includes(key))
    const isShared = (sharedContextKeys as ReadonlyArray<string>).includes(key)
    return keyRows(key, schema, isShared ? "any event" : codes(at))
  })
}

const keyRows = (path: string, schema: JsonSchema, at: string): ReadonlyArray<string> => {
  const type = (schema.anyOf ?? [schema]).find((one) => one.type !== "null")!
  const inner = Object.entries(type.properties ?? {}).filter(([, one]) => one.description !== undefined)
  return [
    `| \`${path}\` | ${typeOf(schema)} | ${schema.description} | ${at} |`,
    ...inner.flatMap(([key, one]) => keyRows(`${path}.${key}`, one, ""))
  ]
}

const typeOf = (schema: JsonSchema): string => {
  const names = (schema.anyOf ?? [schema]).map(({ type }) => type).filter((type) => type !== "null")
  const isId = names.includes("string") && names.includes("integer")
  return isId ? "id" : names.map((name) => (name === undefined ? "any JSON" : name)).join(" or ")
}

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly anyOf?: ReadonlyArray<JsonSchema>
}

const codes = (names: ReadonlyArray<string>): string => names.map((name) => `\`${name}\``).join(", ")

/** In one line where that fits. */
const shown = (context: EventContext): string => {
  const lines = JSON.stringify(context, null, 2)
  const line = lines.replaceAll(/\n */g, " ")
  return line.length <= 120 ? line : lines
}

const tool = { name: "bash", nativeName: "Bash", callId: "call_7", input: { command: "npm test" } } as const

/** A context for each event. */
export const examples: Readonly<Record<CanonicalEvent, EventContext>> = {
  session_start: { sessionId: "s1", cwd: "/srv/app", source: "startup" },
  session_end: { sessionId: "s1", reason: "the person closed the window" },
  user_prompt_submit: { sessionId: "s1", prompt: "Fix the failing test" },
  pre_model_request: { model: "large-2", request: { messages: [{ role: "user", content: "Fix the failing test" }] } },
  post_model_response: { model: "large-2", response: { role: "assistant", content: "I will run the tests." } },
  assistant_response: { sessionId: "s1", response: "The test passes now." },
  pre_tool_use: { sessionId: "s1", cwd: "/srv/app", tool },
  permission_request: { tool, suggestions: ["bash(npm test)"] },
  permission_denied: { tool, reason: "not in the list of allowed commands" },
  post_tool_use: { tool, result: { output: "1 passed", durationMs: 840 } },
  post_tool_use_failure: { tool, error: "exit code 1" },
  post_tool_batch: { tools: [{ tool, result: { output: "1 passed" } }] },
  stop: { sessionId: "s1", lastMessage: "Done.", alreadyResumed: false },
  subagent_stop: {
    agent: { id: "a2", type: "reviewer", parentId: "a1" },
    lastMessage: "No findings.",
    alreadyResumed: 1
  },
  stop_failure: { sessionId: "s1", error: { code: "overloaded", message: "the model did not respond" } },
  interrupt: { sessionId: "s1", turnId: "12" },
  subagent_start: { agent: { id: "a2", type: "reviewer", parentId: "a1" } },
  pre_compact: { trigger: "manual", instructions: "Keep the names of the files" },
  post_compact: { trigger: "auto", summary: "The person wants the test fixed." },
  notification: { kind: "permission", title: "Permission needed", message: "The agent wants to run npm test" },
  file_changed: { filePath: "/srv/app/index.ts", change: "modified" },
  cwd_changed: { from: "/srv/app", to: "/srv/app/docs" },
  config_changed: { source: "user", filePath: "/home/ada/.agent/settings.json" },
  task_created: {
    task: { id: "t1", name: "Fix the failing test", repoUrl: "https://git.example.com/app", branch: "main" }
  },
  task_completed: { task: { id: "t1", name: "Fix the failing test" } },
  execution_start: { executionId: "e1", cwd: "/srv/app", input: "Fix the failing test" },
  execution_end: { executionId: "e1", outcome: "success", output: "The test passes now." },
  budget_exhausted: { budget: { tokens: { limit: 200_000, used: 200_000 } } },
  post_evaluation: { status: "passed", resultsPath: "/srv/app/results.json" }
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) writeFileSync(within("docs", "events.md"), eventsPage())
