/** The hooks of a recipe, of a JSON or YAML list, or given in code. Source: errata, package hooks, type Hook. */
import {
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  type EventName,
  type Hook,
  hookName,
  type HookSet,
  type LoadNotice,
  type Matcher,
  named,
  type Policy,
  type ShellAction
} from "@tenterhook/core"
import { Effect } from "effect"
import {
  type ConfigPath,
  type Document,
  noticeAt,
  problemAt,
  readDocument,
  show,
  unknownKeys,
  unknownText
} from "../config/Document.ts"
import { parseDuration } from "./Duration.ts"
import { compilePathMatch } from "./PathMatch.ts"
import { readRecipe, type Recipe } from "./Recipe.ts"

/** A hook as a config writes it, and as it is given in code. */
export interface ErrataHook {
  readonly name?: string
  readonly event: string
  /** A tool's name or a glob; absent or empty: every tool. */
  readonly matcher?: string | null
  readonly command: string
  /** A Go duration (`30s`, `1m30s`) or seconds; absent or 0: 30 seconds. */
  readonly timeout?: string | number | null
  readonly inject_output?: boolean
  readonly enabled?: boolean
}

/** The events of errata and what Tenterhook calls them. */
export const errataEvents = {
  session_start: "session_start",
  pre_prompt: "pre_model_request",
  post_response: "post_model_response",
  pre_tool_use: "pre_tool_use",
  post_tool_use: "post_tool_use",
  context_compact: "pre_compact",
  session_end: "session_end"
} as const satisfies Record<string, EventName>

export type LoadedHook = Hook<ShellAction> & { readonly ext: { readonly injectOutput: boolean } }

export const loadConfig = Effect.fnUntraced(function* (source: ConfigSource, mode: string) {
  const recipe =
    source._tag === "text" && isRecipe(source.file) ? yield* readRecipe(source.file, source.text) : undefined
  const document = recipe ?? (yield* readDocument("errata", source))
  const reading: Reading = { document, recipe: recipe !== undefined, problems: [], notices: [] }
  if (recipe !== undefined) noticeStray(reading, recipe)
  const hooks = readHooks(reading)
  if (reading.problems.length > 0) return yield* new ConfigError({ dialect: "errata", problems: reading.problems })
  const set: HookSet = {
    dialect: "errata",
    mode,
    file: document.file,
    hooks,
    policy,
    trust: named,
    notices: reading.notices
  }
  return set
})

export const isRecipe = (file: string): boolean => /\.(md|markdown)$/i.test(file)

/** The test of a tool's name: equal, or a match as of Go's `path.Match`. */
export const toolMatcher = (pattern: string): Pick<Matcher, "test" | "literals"> & { readonly malformed: boolean } => {
  const { test, literal, malformed } = compilePathMatch(pattern)
  return {
    test: (tool = "") => tool === pattern || test(tool),
    malformed,
    ...(malformed || literal === pattern ? { literals: [pattern] } : {})
  }
}

/** The events at which a matcher is looked at. */
export const toolEvents = ["pre_tool_use", "post_tool_use"] as const

/** All that match run, in definition order, and nothing stops the rest. */
const policy: Policy = { order: "sequential", halting: "never", dedupe: "none", rewrite: "lastInOrder" }

interface Reading {
  readonly document: Document
  readonly recipe: boolean
  readonly problems: Array<ConfigProblem>
  readonly notices: Array<LoadNotice>
}

const readHooks = (reading: Reading): ReadonlyArray<Hook> => {
  const { value } = reading.document
  if (value === undefined || value === null)
    return refuse(reading, [], "a list of hooks, or an object with hooks", value) ?? []
  if (Array.isArray(value)) return readList(reading, [], value)
  if (!isRecord(value)) return refuse(reading, [], "a list of hooks, or an object with hooks", value) ?? []
  if (!reading.recipe) reading.notices.push(...unknownKeys(reading.document, [], value, ["hooks"]))
  const list = value["hooks"]
  return Array.isArray(list)
    ? readList(reading, ["hooks"], list)
    : (refuse(reading, ["hooks"], "a list of hooks", list) ?? [])
}

const readList = (reading: Reading, path: ConfigPath, list: ReadonlyArray<unknown>): ReadonlyArray<Hook> => {
  const counts = new Map<string, number>()
  return list.flatMap((entry, position) => {
    const event = isRecord(entry) && typeof entry["event"] === "string" ? entry["event"] : ""
    const index = counts.get(event) ?? 0
    counts.set(event, index + 1)
    return readHook(reading, [...path, position], entry, event, index) ?? []
  })
}

const readHook = (
  reading: Reading,
  path: ConfigPath,
  entry: unknown,
  event: string,
  index: number
): LoadedHook | undefined => {
  const { document, recipe, problems, notices } = reading
  const before = problems.length
  if (!isRecord(entry)) return refuse(reading, path, "a hook: an object with event and command", entry)
  notices.push(...unknownKeys(document, path, entry, recipe ? recipeKeys : keys))

  if (event === "") {
    refuse(reading, [...path, "event"], `one of ${Object.keys(errataEvents).join(", ")}`, entry["event"])
  } else if (!Object.hasOwn(errataEvents, event)) {
    notices.push(
      noticeAt(
        document,
        [...path, "event"],
        `the hook never runs: ${unknownText("event", event, Object.keys(errataEvents))}`
      )
    )
  }
  const { name, command, action } = entry
  if (name !== undefined && name !== null && typeof name !== "string")
    refuse(reading, [...path, "name"], "a name", name)
  const commandOnly = action === undefined || action === null || action === "" || action === "command"
  if (!commandOnly) refuse(reading, [...path, "action"], `the action "command", the only one there is`, action)
  else if (typeof command !== "string" || command === "")
    refuse(reading, [...path, "command"], "a shell command", command)
  const matcher = readMatcher(reading, path, entry["matcher"], event)
  const timeoutMs = readTimeout(reading, path, entry["timeout"])
  const injectOutput = readSwitch(reading, [...path, "inject_output"], entry["inject_output"], false)
  const enabled = recipe || readSwitch(reading, [...path, "enabled"], entry["enabled"], true)
  if (problems.length > before || timeoutMs === undefined || typeof command !== "string") return undefined
  return {
    name: hookName(typeof name === "string" && name !== "" ? name : `${event}[${index}]`),
    index,
    events: Object.hasOwn(errataEvents, event) ? [errataEvents[event as keyof typeof errataEvents]] : [],
    nativeEvent: event,
    ...(matcher === undefined ? {} : { matcher }),
    action: { kind: "shell", run: { command }, env: { base: "inherit", set: {} }, stdin: "empty", mkdir: [] },
    timeoutMs,
    onFailure: "continue",
    enabled,
    source: { file: document.file, line: document.place(path).line },
    ext: { injectOutput }
  }
}

const readMatcher = (reading: Reading, path: ConfigPath, pattern: unknown, event: string): Matcher | undefined => {
  if (pattern === undefined || pattern === null || pattern === "") return undefined
  const at = [...path, "matcher"]
  if (typeof pattern !== "string") return refuse(reading, at, "a tool's name or a glob", pattern)
  const notice = (text: string) => reading.notices.push(noticeAt(reading.document, at, text))
  const { malformed, ...matcher } = toolMatcher(pattern)
  if (!(toolEvents as ReadonlyArray<string>).includes(event))
    notice(`a matcher is not looked at on ${event}: the hook always runs`)
  else if (malformed)
    notice(`${show(pattern)} is no pattern that Go's path.Match can read: it matches a tool of that very name alone`)
  else if (/[|{]/.test(pattern))
    notice(`"|" and "{}" are plain characters in ${show(pattern)}; write one hook for each tool`)
  return { on: "tool.name", only: toolEvents, text: `${show(pattern)} (path.Match)`, ...matcher }
}

/** In milliseconds. A negative one ends the hook at once. */
const readTimeout = (reading: Reading, path: ConfigPath, value: unknown): number | undefined => {
  const at = [...path, "timeout"]
  if (value === undefined || value === null || value === "" || value === 0) return defaultTimeoutMs
  if (typeof value === "number" && Number.isFinite(value)) return value * 1000
  if (typeof value !== "string") return refuse(reading, at, expectedTimeout, value)
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value) * 1000 || defaultTimeoutMs
  const duration = parseDuration(value)
  if (duration.ok) return duration.ms === 0 ? defaultTimeoutMs : duration.ms
  return refuse(reading, at, `${expectedTimeout} (${duration.why})`, value)
}

const defaultTimeoutMs = 30_000
const expectedTimeout = "a duration such as 30s or 1m30s, or seconds"

/** In a recipe only `true`, in any case, switches on. */
const readSwitch = (reading: Reading, path: ConfigPath, value: unknown, otherwise: boolean): boolean => {
  if (value === undefined || value === null) return otherwise
  if (typeof value === "boolean") return value
  if (!reading.recipe || typeof value !== "string") return refuse(reading, path, "true or false", value) ?? otherwise
  const word = value.toLowerCase()
  if (word !== "true" && word !== "false" && word !== "") {
    reading.notices.push(noticeAt(reading.document, path, `only true switches it on, got ${show(value)}`))
  }
  return word === "true"
}

const keys = ["name", "event", "matcher", "action", "command", "timeout", "inject_output", "enabled"]
const recipeKeys = keys.filter((key) => key !== "enabled")

const noticeStray = (reading: Reading, recipe: Recipe) => {
  for (const { line, key } of recipe.stray) {
    if (!recipeKeys.includes(key)) continue
    reading.notices.push({
      file: recipe.file,
      line,
      column: 1,
      text: `"${key}" before the first "### name" belongs to no hook`
    })
  }
  for (const { place, first, key } of recipe.repeated) {
    reading.notices.push({
      file: recipe.file,
      ...place,
      text: `"${key}" stands at ${first.line}:${first.column} already; the last one holds`
    })
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Notes the problem; what cannot be read is nothing. */
const refuse = (reading: Reading, path: ConfigPath, expected: string, got: unknown): undefined => {
  reading.problems.push(problemAt(reading.document, path, `expected ${expected}, got ${show(got)}`))
  return undefined
}
