/**
 * The hooks of a `coder.json`, or a list given in code. A file is checked as upstream's model checks it; hooks given in
 * code as its engine takes them: fractions of seconds, functions, and names.
 */
import {
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  type FunctionAction,
  type Hook,
  hookName,
  type HookFunction,
  type HookSet,
  type LoadNotice,
  named,
  type Policy,
  type ShellAction
} from "@tenterhook/core"
import { Effect } from "effect"
import {
  type ConfigPath,
  type Document,
  keyNoticeAt,
  noticeAt,
  problemAt,
  readDocument,
  show,
  unknownKeys,
  unknownText
} from "../config/Document.ts"
import { nearest } from "../config/nearest.ts"
import { compileFnmatch } from "./Fnmatch.ts"
import type { Subject } from "./HookResult.ts"
import { pythonText, strip } from "./PythonText.ts"

export const oatsEvents = [
  "pre_tool_use",
  "post_tool_use",
  "user_prompt_submit",
  "session_start",
  "file_changed",
  "assistant_response"
] as const

export type OatsHook = Hook<ShellAction | FunctionAction> & { readonly ext: Subject }

export const loadConfig = Effect.fnUntraced(function* (source: ConfigSource, mode: string) {
  const document = yield* readDocument("oats", source)
  const reading: Reading = { document, inCode: source._tag !== "text", problems: [], notices: [] }
  const hooks = source._tag === "environment" ? notFound(reading) : readHooks(reading)
  if (reading.problems.length > 0) return yield* new ConfigError({ dialect: "oats", problems: reading.problems })
  const set: HookSet = {
    dialect: "oats",
    mode,
    file: document.file,
    hooks,
    policy,
    trust: named,
    notices: reading.notices
  }
  return set
})

/** The first block or modify decides and ends the run. */
const policy: Policy = { order: "sequential", halting: "decisive", dedupe: "none", rewrite: "firstWins" }

interface Reading {
  readonly document: Document
  readonly inCode: boolean
  readonly problems: Array<ConfigProblem>
  readonly notices: Array<LoadNotice>
}

const notFound = (reading: Reading): ReadonlyArray<Hook> => {
  reading.notices.push(noticeAt(reading.document, [], `no coder.json: name one, or set CODER_CONFIG_FILE`))
  return []
}

/** Where the list is: `hooks` as documented, `hooks.hooks` as upstream's model has it, or the value itself in code. */
const readHooks = (reading: Reading): ReadonlyArray<Hook> => {
  const { document, inCode, notices } = reading
  const root = document.value
  if (inCode && (Array.isArray(root) || root === null || root === undefined)) return readList(reading, [], root ?? [])
  if (!isRecord(root)) {
    refuse(reading, [], inCode ? "a list of hooks, or an object with hooks" : `an object with "hooks"`, root)
    return []
  }
  if (!Object.hasOwn(root, "hooks")) {
    for (const key of Object.keys(root)) {
      if (!coderKeys.includes(key) && nearest(key, coderKeys) === "hooks") {
        notices.push(keyNoticeAt(document, [key], unknownText("key", key, coderKeys)))
      }
    }
    return []
  }
  if (!isRecord(root["hooks"])) return readList(reading, ["hooks"], root["hooks"])
  notices.push(...unknownKeys(document, ["hooks"], root["hooks"], ["hooks"]))
  return Object.hasOwn(root["hooks"], "hooks") ? readList(reading, ["hooks", "hooks"], root["hooks"]["hooks"]) : []
}

/** The keys of a coder.json, so that a misspelt `hooks` is told from the others. */
const coderKeys = [
  "hooks",
  "provider",
  "model",
  "permission",
  "data_dir",
  "project_dir",
  "server_host",
  "server_port",
  "server_username",
  "server_password",
  "debug"
]

const readList = (reading: Reading, path: ConfigPath, list: unknown): ReadonlyArray<Hook> => {
  if (!Array.isArray(list)) {
    refuse(reading, path, "a list of hooks", list)
    return []
  }
  const counts = new Map<string, number>()
  const hooks: Array<Hook> = []
  list.forEach((entry, position) => {
    const event = isRecord(entry) && typeof entry["event"] === "string" ? entry["event"] : ""
    const index = counts.get(event) ?? 0
    counts.set(event, index + 1)
    const hook = readHook(reading, [...path, position], entry, event, index)
    if (hook !== undefined) hooks.push(hook)
  })
  return hooks
}

const readHook = (
  reading: Reading,
  path: ConfigPath,
  entry: unknown,
  event: string,
  index: number
): OatsHook | undefined => {
  const { document, inCode, problems, notices } = reading
  const before = problems.length
  if (!isRecord(entry)) return refuse(reading, path, "a hook: an object with event and command", entry)
  notices.push(...unknownKeys(document, path, entry, inCode ? [...fileKeys, "run", "name"] : fileKeys))

  if (typeof entry["event"] !== "string" && !(inCode && entry["event"] === undefined)) {
    refuse(reading, [...path, "event"], `one of ${oatsEvents.join(", ")}`, entry["event"])
  } else if (!isOatsEvent(event)) {
    const text =
      entry["event"] === undefined
        ? "no event, so the hook never runs"
        : `the hook never runs: ${unknownText("event", event, oatsEvents)}`
    notices.push(noticeAt(document, [...path, "event"], text))
  }
  const matcher = readMatcher(reading, path, entry["matcher"], event)
  const timeout = readTimeout(reading, path, entry)
  const action = readAction(reading, path, entry)
  const name = entry["name"]
  if (inCode && name !== undefined && (typeof name !== "string" || name === "")) {
    refuse(reading, [...path, "name"], "a name", name)
  }
  if (problems.length > before || timeout === undefined) return undefined
  return {
    name: hookName(inCode && typeof name === "string" ? name : `${event}[${index}]`),
    index,
    events: isOatsEvent(event) ? [event] : [],
    nativeEvent: event,
    ...(matcher === undefined ? {} : { matcher }),
    action: action ?? shell(""),
    timeoutMs: timeout.ms,
    onFailure: "continue",
    enabled: action !== undefined,
    source: { file: document.file, line: document.place(path).line },
    ext: { cmd: action === undefined ? "" : cmdOf(action), timeout: timeout.text }
  }
}

const readAction = (
  reading: Reading,
  path: ConfigPath,
  entry: Record<string, unknown>
): ShellAction | FunctionAction | undefined => {
  const { document, inCode, notices } = reading
  const { run, command } = entry
  if (inCode && run !== undefined) {
    if (command !== undefined) return refuse(reading, [...path, "run"], "either run or command", "both")
    return typeof run === "function"
      ? { kind: "function", run: run as HookFunction }
      : refuse(reading, [...path, "run"], "a function", run)
  }
  if (typeof command === "string" && command !== "") return shell(command)
  if (command === undefined || command === "" || (inCode && command === null)) {
    notices.push(noticeAt(document, path, "no command, so the hook never runs"))
    return undefined
  }
  return refuse(reading, [...path, "command"], "a shell command", command)
}

const shell = (command: string): ShellAction => ({
  kind: "shell",
  run: { command },
  env: { base: "inherit", set: {} },
  stdin: "payload",
  mkdir: []
})

const cmdOf = (action: ShellAction | FunctionAction): string =>
  action.kind === "function" ? action.run.name || "a function" : "command" in action.run ? action.run.command : ""

/** Without a tool's name a matcher never fits, not even `*`. */
const readMatcher = (reading: Reading, path: ConfigPath, pattern: unknown, event: string): Hook["matcher"] => {
  if (pattern === undefined || pattern === null || pattern === "") return undefined
  const at = [...path, "matcher"]
  if (typeof pattern !== "string") return refuse(reading, at, "a pattern for the tool's name, or null", pattern)
  if (withoutTool.includes(event)) {
    reading.notices.push(noticeAt(reading.document, at, `${event} has no tool, so a hook with a matcher never runs`))
  } else if (pattern.includes("|")) {
    reading.notices.push(
      noticeAt(reading.document, at, `"|" is a plain character in ${show(pattern)}; write one hook for each tool`)
    )
  }
  const { test, literal } = compileFnmatch(pattern)
  return {
    on: "tool.name",
    text: `${show(pattern)} (fnmatch)`,
    test: (tool) => tool !== undefined && tool !== "" && test(tool),
    ...(literal === undefined ? {} : { literals: [literal] })
  }
}

const withoutTool: ReadonlyArray<string> = ["session_start", "user_prompt_submit", "assistant_response"]

interface Timeout {
  readonly ms: number
  readonly text: string
}

/** Seconds: a whole number, or numeric text. In code fractions too, and null for no deadline. */
const readTimeout = (reading: Reading, path: ConfigPath, entry: Record<string, unknown>): Timeout | undefined => {
  const { document, inCode, notices } = reading
  const value = entry["timeout"]
  const at = [...path, "timeout"]
  if (value === undefined && !(Object.hasOwn(entry, "timeout") && !inCode)) return { ms: 30_000, text: "30" }
  if (inCode && value === null) return { ms: Number.POSITIVE_INFINITY, text: pythonText(null) }
  const seconds = typeof value === "string" ? wholeNumber(value) : value
  const fits = typeof seconds === "number" && (inCode ? !Number.isNaN(seconds) : Number.isInteger(seconds))
  if (!fits) return refuse(reading, at, inCode ? "seconds" : "a whole number of seconds", value)
  if (seconds >= 1000 && Number.isFinite(seconds)) {
    notices.push(
      noticeAt(
        document,
        at,
        `${seconds} seconds are ${Math.round(seconds / 60)} minutes; oats counts seconds, not milliseconds`
      )
    )
  }
  return { ms: seconds * 1000, text: pythonText(seconds + 0) }
}

/** Text that upstream's model takes for a whole number: `45`, ` 45 `, `4_5`, `45.0`. */
const wholeNumber = (text: string): number | undefined => {
  const stripped = strip(text)
  return /^[+-]?\d+(?:_\d+)*(?:\.0+)?$/.test(stripped) ? Number(stripped.replaceAll("_", "")) : undefined
}

const fileKeys = ["event", "matcher", "command", "timeout"]

const isOatsEvent = (event: string): event is (typeof oatsEvents)[number] =>
  (oatsEvents as ReadonlyArray<string>).includes(event)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Notes the problem; what cannot be read is nothing. */
const refuse = (reading: Reading, path: ConfigPath, expected: string, got: unknown): undefined => {
  reading.problems.push(problemAt(reading.document, path, `expected ${expected}, got ${show(got)}`))
  return undefined
}
