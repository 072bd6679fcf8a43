/** A small sound dialect: `hooks: [{on, run, tool?}]`, or `TINY_HOOK` alone; and every way in which a copy of it can be broken. */
import {
  ConfigError,
  type ConfigSource,
  type Dialect,
  type EventContext,
  failed,
  failedWith,
  type Hook,
  hookName,
  type HookSet,
  defaultPolicy,
  named,
  type ShellAction,
  succeeded,
  textOf,
  type Verdict
} from "@tenterhook/core"
import { Effect } from "effect"
import * as Yaml from "yaml"
import type { DialectFixtures } from "../src/index.ts"

/** What a broken copy does wrong. */
/** `refuses unknown keys` is sound where it reads leniently when it is asked to. */
export type Fault =
  | "refuses unknown keys"
  | "no modes"
  | "mode is forgotten"
  | "an event that is none"
  | "class that is none"
  | "hook for an event that is none"
  | "loading counts"
  | "no lines"
  | "every index is 0"
  | "problem without a place"
  | "problem without the value"
  | "bad values are ignored"
  | "throws on bad text"
  | "throws on bad values"
  | "unknown keys pass silently"
  | "notice without a line"
  | "lenient is ignored"
  | "a new set each time"
  | "encode throws"
  | "encode counts"
  | "encode changes the kind"
  | "encode fills half"
  | "encode reads process.env"
  | "decode throws"
  | "decode counts"
  | "decode invents a verdict"
  | "timeouts succeed"
  | "said before failing counts"
  | "matcher throws"
  | "recognizes throws"
  | "announce throws"
  | "discover throws"

export const tinyDialect = (fault?: Fault): Dialect => {
  let counter = 0
  const isBroken = (...faults: ReadonlyArray<Fault>) => fault !== undefined && faults.includes(fault)
  const reading: Reading = { isBroken, count: () => ++counter }
  const byEnvironment = environmentSets(reading)
  return {
    id: "tiny",
    title: "Tiny, for tests",
    modes: (isBroken("no modes") ? [] : ["documented", "upstream"]) as unknown as Dialect["modes"],
    events: {
      before: { event: isBroken("an event that is none") ? ("before" as never) : "pre_tool_use" },
      after: { event: "post_tool_use", class: (isBroken("class that is none") ? "watch" : "observe") as "observe" }
    },
    discover: (from) =>
      isBroken("discover throws")
        ? Effect.die(new Error("no folder"))
        : Effect.map(from.read("tiny.yaml"), (text) =>
            text === null ? [] : [{ _tag: "text", file: "tiny.yaml", folder: from.path, text }]
          ),
    recognizes: (source) => {
      if (source._tag !== "text") return false
      if (isBroken("recognizes throws")) return (JSON.parse(source.text) as { hooks: unknown }).hooks !== undefined
      return /^hooks:/m.test(source.text)
    },
    load: (source, { mode, lenient = false }) =>
      Effect.suspend(() =>
        source._tag === "environment" ? Effect.succeed(byEnvironment(mode)) : loadList(source, mode, lenient, reading)
      ),
    encode: (hook, { context }) => {
      if (isBroken("encode throws") && context.tool === undefined) throw new Error("no tool")
      const action = hook.action as ShellAction
      const env = isBroken("encode reads process.env")
        ? (process.env["TINY_SECRET"] ?? "")
        : (context.env?.["TINY_SECRET"] ?? "")
      const set = {
        TOOL: context.tool?.name ?? "",
        SECRET: env,
        ...(isBroken("encode counts") ? { COUNT: String(++counter) } : {})
      }
      const filled = { ...action, env: { base: "closed", set } as const }
      if (isBroken("encode changes the kind")) return Effect.succeed({ action: { ...filled, kind: "exec" } })
      return Effect.succeed({
        action: isBroken("encode fills half") ? ({ kind: "shell", run: action.run } as never) : filled
      })
    },
    decode: (_, __, end) => {
      if (end._tag === "failure") {
        if (isBroken("timeouts succeed") && end.reason === "timeout") return { outcome: succeeded(), decisive: false }
        const said = textOf(end.reply.output).trim()
        if (isBroken("said before failing counts") && said === "allow")
          return { outcome: succeeded({ verdict: "allow" }), decisive: true }
        return failedWith(end.reason, end.message)
      }
      if (end.status !== 0) return { outcome: failed("exit"), decisive: false }
      if (isBroken("decode throws")) JSON.parse(textOf(end.output))
      if (isBroken("decode counts")) return { outcome: succeeded(), decisive: false, message: `call ${++counter}` }
      const word = textOf(end.output).trim()
      if (isBroken("decode invents a verdict"))
        return { outcome: succeeded({ verdict: word as Verdict }), decisive: false }
      return word === "allow" || word === "deny"
        ? { outcome: succeeded({ verdict: word }), decisive: word === "deny" }
        : { outcome: succeeded(), decisive: false }
    },
    announce: (_hook, _fire, outcome) => {
      if (isBroken("announce throws") && outcome.reason !== null) throw new Error("no reason for reasons")
      return [{ type: `tiny.${outcome.status}`, data: { hook: outcome.hook } }]
    }
  }
}

const good: ConfigSource = {
  _tag: "text",
  file: "tiny.yaml",
  folder: "/",
  text: [
    "hooks:",
    "  - on: before",
    "    run: ./guard.sh $TINY_SECRET",
    "    tool: ba*",
    "  - on: before",
    "    run: ./log.sh",
    "  - on: after",
    "    run: ./after.sh",
    ""
  ].join("\n")
}
const textSource = (text: string): ConfigSource => ({ _tag: "text", file: "tiny.yaml", folder: "/", text })

export const tinyFixtures = (fault?: Fault): DialectFixtures => ({
  dialect: tinyDialect(fault),
  adapters: [],
  good: [
    { name: "a file", source: good },
    { name: "a list in code", source: { _tag: "value", value: [{ on: "before", run: "true" }], folder: "/" } },
    { name: "the environment", source: { _tag: "environment", folder: "/" } }
  ],
  bad: [
    {
      name: "a number for a command",
      source: textSource("hooks:\n  - on: before\n    run: 7\n"),
      value: "7",
      right: "a command"
    },
    { name: "no list", source: textSource("hooks: yes\n"), value: `"yes"`, right: "a list" },
    { name: "broken YAML", source: textSource("hooks: [\n"), value: "hooks: [", right: "YAML" }
  ],
  unknown: [
    { name: "an unknown key", source: textSource("hooks:\n  - on: before\n    run: x\n    tol: x\n"), notice: "tol" },
    { name: "an unknown event", source: textSource("hooks:\n  - on: befor\n    run: x\n"), notice: "befor" }
  ],
  fires: [
    {
      event: "pre_tool_use",
      context: { cwd: "/", env: { PATH: "/bin", TINY_HOOK: "./env.sh" }, tool: { name: "bash" } }
    },
    {
      event: "post_tool_use",
      context: { cwd: "/", env: { PATH: "/bin" }, tool: { name: "bash" }, result: { output: "x" } }
    }
  ],
  outputs: ["allow", "deny", "whatever\n"]
})

interface Reading {
  readonly isBroken: (...faults: ReadonlyArray<Fault>) => boolean
  readonly count: () => number
}

/** Where a value of the config stands; nulls for a value given in code. */
type Place = (path: ReadonlyArray<string | number>) => { readonly line: number | null; readonly column: number | null }

const loadList = Effect.fnUntraced(function* (
  source: Exclude<ConfigSource, { _tag: "environment" }>,
  mode: string,
  lenient: boolean,
  reading: Reading
) {
  const { isBroken } = reading
  const refusesUnknown = isBroken("lenient is ignored") || (isBroken("refuses unknown keys") && !lenient)
  const file = source._tag === "text" ? source.file : null
  const { value, place, syntax } =
    source._tag === "text"
      ? readYaml(source.text, reading)
      : { value: { hooks: source.value }, place: noPlace, syntax: null }
  const problems: Array<{
    file: string | null
    line: number | null
    column: number | null
    path: string
    text: string
  }> = []
  const notices: Array<{ file: string | null; line: number | null; column: number | null; text: string }> = []
  const refuse = (path: ReadonlyArray<string | number>, text: string, got: unknown) => {
    const at = isBroken("problem without a place") ? { line: null, column: null } : place(path)
    problems.push({
      file,
      ...at,
      path: path.join("."),
      text: isBroken("problem without the value") ? text : `${text}, got ${short(got)}`
    })
  }
  if (syntax !== null) refuse([], "expected valid YAML", syntax)
  const list = isRecord(value) ? value["hooks"] : undefined
  if (isBroken("throws on bad values") && Array.isArray(list))
    list.forEach((entry) => void (entry as { on: string }).on.length)
  const hooks: Array<Hook> = []
  if (syntax === null && !Array.isArray(list)) refuse(["hooks"], "expected a list of hooks", list)
  const counts = new Map<string, number>()
  for (const [position, entry] of (Array.isArray(list) ? list : []).entries()) {
    const path = ["hooks", position]
    if (!isRecord(entry) || typeof entry["on"] !== "string" || typeof entry["run"] !== "string") {
      if (isBroken("bad values are ignored")) continue
      refuse(
        [...path, ...(isRecord(entry) ? ["run"] : [])],
        "expected an event and a command",
        isRecord(entry) ? entry["run"] : entry
      )
      continue
    }
    const line = isBroken("notice without a line") ? () => noPlace() : place
    for (const key of Object.keys(entry)) {
      if (["on", "run", "tool"].includes(key) || isBroken("unknown keys pass silently")) continue
      notices.push({ file, ...line([...path, key]), text: `unknown key "${key}"` })
    }
    const on = entry["on"]
    if (on !== "before" && on !== "after")
      notices.push({ file, ...line([...path, "on"]), text: `unknown event "${on}"` })
    const index = isBroken("every index is 0") ? 0 : (counts.get(on) ?? 0)
    counts.set(on, index + 1)
    const where = { file, line: isBroken("no lines") ? null : place(path).line }
    hooks.push(hook(on, index, entry["run"], entry["tool"], where, reading))
  }
  if (refusesUnknown) problems.push(...notices.map((notice) => ({ ...notice, path: "" })))
  if (problems.length > 0) return yield* new ConfigError({ dialect: "tiny", problems })
  return { ...emptySet(mode, reading), file, hooks, notices }
})

const environmentSets = (reading: Reading) => {
  const sets = new Map<string, HookSet>()
  const at = (mode: string) => (context: EventContext) => {
    const command = context.env?.["TINY_HOOK"] ?? ""
    const key = `${mode} ${command}`
    const made = {
      ...emptySet(mode, reading),
      hooks: ["before", "after"].map((on) => hook(on, 0, command, undefined, { file: null, line: null }, reading))
    }
    if (reading.isBroken("a new set each time")) return made
    if (!sets.has(key)) sets.set(key, made)
    return sets.get(key)!
  }
  return (mode: string): HookSet => ({ ...emptySet(mode, reading), at: at(mode) })
}

const emptySet = (mode: string, reading: Reading): HookSet => ({
  dialect: "tiny",
  mode: reading.isBroken("mode is forgotten") ? "documented" : mode,
  file: null,
  hooks: [],
  policy: defaultPolicy,
  trust: named,
  notices: []
})

const hook = (
  on: string,
  index: number,
  run: string,
  tool: unknown,
  source: Hook["source"],
  reading: Reading
): Hook<ShellAction> => ({
  name: hookName(`${on}[${reading.isBroken("loading counts") ? reading.count() : index}]`),
  index,
  events:
    on === "before"
      ? ["pre_tool_use"]
      : on === "after"
        ? [reading.isBroken("hook for an event that is none") ? ("after" as never) : "post_tool_use"]
        : [],
  nativeEvent: on,
  ...(typeof tool === "string" ? { matcher: matcher(tool, reading) } : {}),
  action: { kind: "shell", run: { command: run }, env: { base: "closed", set: {} }, stdin: "empty", mkdir: [] },
  timeoutMs: 1000,
  onFailure: "continue",
  enabled: true,
  source
})

const matcher = (pattern: string, { isBroken }: Reading) => ({
  on: "tool.name",
  text: pattern,
  test: (value: string | undefined) =>
    (isBroken("matcher throws") ? value! : (value ?? "")).startsWith(pattern.replace(/\*$/, ""))
})

const readYaml = (text: string, { isBroken }: Reading) => {
  const lines = new Yaml.LineCounter()
  const document = Yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place: Place = (path) => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true)
      if (!Yaml.isNode(node) || !node.range) continue
      const { line, col } = lines.linePos(node.range[0])
      return { line, column: col }
    }
    return { line: 1, column: 1 }
  }
  try {
    if (document.errors.length > 0 && !isBroken("throws on bad text"))
      return { value: null, place, syntax: text.slice(0, 20) }
    return { value: document.toJS() as unknown, place, syntax: null }
  } catch (error) {
    if (isBroken("throws on bad text")) throw error
    return { value: null, place, syntax: text.slice(0, 20) }
  }
}

const noPlace = () => ({ line: null, column: null })
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const short = (value: unknown) => {
  if (typeof value === "object" && value !== null) return "an object"
  return (typeof value === "string" ? JSON.stringify(value) : String(value))
    .slice(0, 60)
    .replace(/^"(hooks: \[).*$/s, "$1")
}
