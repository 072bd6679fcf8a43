/** From a native config to a hook set. Collects every problem; doubts become notices. */
import {
  type Action,
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  type EventName,
  type Fit,
  type FunctionAction,
  type Hook,
  hookName,
  type HookSet,
  type HttpAction,
  isCanonicalEvent,
  isEventName,
  type LoadNotice,
  type LoadOptions,
  mayHave,
  named,
  type SetWarning,
  type ShellAction,
  type ToolAction,
  valueAt
} from "@tenterhook/core"
import { loadPatterns, type Patterns } from "@tenterhook/patterns"
import { Effect, type Schema } from "effect"
import { decodeAt, excessKeys } from "../config/decode.ts"
import { type ConfigPath, noticeAt, problemAt, readDocument, show } from "../config/Document.ts"
import { nearest } from "../config/nearest.ts"
import {
  actionKeys,
  type ActionKey,
  belongsTo,
  CodeHookConfig,
  defaultsKeys,
  headerKeys,
  HeaderConfig,
  HookConfig,
  hookKeys,
  policyKeys
} from "./Config.ts"
import { durationDoubt, durationMs, timeForm } from "./duration.ts"
import { type Place, type Prepared, prepare } from "./encode.ts"
import { type Findings, noteUnknown, noteUnknownKeys } from "./Findings.ts"
import { meantKey, unknownEvent } from "./foreignWords.ts"
import { compilePattern, needsEngine } from "./Pattern.ts"
import { policiesOf } from "./policies.ts"
import { conditionRoots, pathProblem, pathsIn, templateRoots } from "./Template.ts"

export const load = Effect.fnUntraced(function* (
  source: ConfigSource,
  { adapters, mode, lenient = false }: LoadOptions
) {
  const document = yield* readDocument("native", source)
  const place: Place = { folder: source.folder }
  const value = source._tag === "value" && Array.isArray(document.value) ? { hooks: document.value } : document.value
  const rooted = source._tag === "value" ? { ...document, value } : document

  const header = decodeAt(HeaderConfig, rooted, [], value)
  const problems: Array<ConfigProblem> = header.ok ? [] : header.problems.map(withUnits)
  const listed: ReadonlyArray<unknown> = isRecord(value) && Array.isArray(value["hooks"]) ? value["hooks"] : []
  const defaults = header.ok ? (header.value.defaults ?? {}) : {}
  const patterns = listed.some(hasHardPatterns) ? yield* Effect.promise(loadPatterns) : undefined
  const loading: Loading = {
    document: rooted,
    place,
    defaults,
    adapters,
    patterns,
    lenient,
    problems,
    notices: [],
    warnings: [],
    counts: new Map()
  }

  noteUnknownHeaderKeys(value, loading)
  noteUnknownPaths(defaults.cwd, ["defaults", "cwd"], loading)
  doubtTimeout(defaults.timeout, ["defaults", "timeout"], loading)
  const hooks = listed.flatMap((one, index) => hookOf(one, ["hooks", index], loading))
  const policies = header.ok ? policiesOf(header.value, loading) : undefined
  if (policies === undefined || problems.length > 0)
    return yield* new ConfigError({ dialect: "native", problems: inOrder(problems) })

  const set: HookSet = {
    dialect: "native",
    mode,
    file: document.file,
    hooks,
    ...policies,
    trust: named,
    notices: inOrder(loading.notices),
    ...(loading.warnings.length === 0 ? {} : { warnings: loading.warnings })
  }
  return set
})

const hasHardPatterns = (raw: unknown): boolean =>
  isRecord(raw) && (needsEngine(raw["tool"]) || (isRecord(raw["when"]) && Object.values(raw["when"]).some(needsEngine)))

interface Loading extends Findings {
  readonly place: Place
  readonly defaults: Defaults
  readonly adapters: LoadOptions["adapters"]
  /** Undefined where no pattern needs the engine. */
  readonly patterns: Patterns | undefined
  /** For every report of a fire. */
  readonly warnings: Array<SetWarning>
  /** How many hooks each spelling of an event has so far. */
  readonly counts: Map<string, number>
}

const doubtTimeout = (timeout: string | undefined, path: ConfigPath, { document, notices }: Loading): void => {
  const doubt = timeout === undefined ? undefined : durationDoubt(timeout)
  if (doubt !== undefined) notices.push(noticeAt(document, path, doubt))
}

const noteUnknownHeaderKeys = (value: unknown, loading: Loading): void => {
  if (!isRecord(value)) return
  noteUnknownKeys(loading, [], value, headerKeys)
  noteUnknownKeys(loading, ["defaults"], value["defaults"], defaultsKeys, (key) => meantKey(key, {}))
  noteUnknownKeys(loading, ["policy"], value["policy"], policyKeys)
  if (!isRecord(value["policies"])) return
  for (const [event, policy] of Object.entries(value["policies"])) {
    noteUnknownKeys(loading, ["policies", event], policy, policyKeys)
  }
}

interface Defaults {
  readonly timeout?: string
  readonly onFailure?: "continue" | "block"
  readonly cwd?: string
}

const hookOf = (raw: unknown, path: ConfigPath, loading: Loading): ReadonlyArray<Hook> => {
  const { document, place, defaults, problems } = loading
  const schema: Schema.Decoder<HookConfig> = document.file === null ? CodeHookConfig : HookConfig
  const decoded = decodeAt(schema, document, path, raw)
  if (!decoded.ok) problems.push(...decoded.problems.map(withoutSecret).map(withUnits))
  if (!isRecord(raw)) return []
  noteUnknownHookKeys(raw, path, loading)
  const action = actionKey(raw, path, loading)
  const on = eventsIn(raw["on"])
  const found = on === undefined ? undefined : eventsOf(on, path, loading)
  if (!decoded.ok || action === undefined || found === undefined) return []
  const config = decoded.value
  const { events, native, unknown } = found
  const index = loading.counts.get(native) ?? 0
  loading.counts.set(native, index + 1)
  const name = config.name ?? `${native}[${index}]`
  const onFailure = config.onFailure ?? defaults.onFailure ?? "continue"
  for (const event of unknown) {
    if (onFailure !== "block") continue
    const text = `this hook has onFailure: block, and it never runs for "${event}", an event that this version does not have`
    loading.warnings.push({ hook: name, level: "error", text })
  }

  if (typeof config.run !== "function") doubtTimeout(config.timeout, [...path, "timeout"], loading)
  const written = actionOf(config, action, path, loading)
  if (written === undefined) return []
  const prepared: Prepared = prepare(config, written, place)
  const position = document.place(path)
  return [
    {
      name: hookName(name),
      index,
      events,
      nativeEvent: native,
      ...matcherOf(config, events, path, loading),
      ...conditionOf(config, path, loading),
      action: written,
      timeoutMs: durationMs(config.timeout ?? defaults.timeout ?? defaultTimeout),
      onFailure,
      enabled: config.enabled ?? true,
      ...(config.linger === undefined ? {} : { linger: config.linger }),
      source: { file: document.file, line: position.line },
      ext: prepared
    }
  ]
}

const defaultTimeout = "60s"

const noteUnknownHookKeys = (raw: Record<string, unknown>, path: ConfigPath, loading: Loading): void => {
  noteUnknownKeys(loading, path, raw, hookKeys, (key) => meantKey(key, raw))
  noteUnknownKeys(loading, [...path, "secret"], raw["secret"], ["env"])
  noteUnknownPatternKeys(loading, [...path, "tool"], raw["tool"])
  for (const [on, pattern] of Object.entries(isRecord(raw["when"]) ? raw["when"] : {})) {
    noteUnknownPatternKeys(loading, [...path, "when", on], pattern)
  }
}

const noteUnknownPatternKeys = (loading: Loading, path: ConfigPath, pattern: unknown): void => {
  if (Array.isArray(pattern)) {
    return pattern.forEach((one, index) => noteUnknownPatternKeys(loading, [...path, index], one))
  }
  if (!isRecord(pattern)) return
  const isNot = Object.hasOwn(pattern, "not")
  noteUnknownKeys(loading, path, pattern, isNot ? ["not"] : ["regex", "flags"])
  if (isNot) noteUnknownPatternKeys(loading, [...path, "not"], pattern["not"])
}

const isActionKey = (key: string | undefined): boolean => actionKeys.some((one) => one === key)

/** The one thing that a hook does; keys that belong to another are problems. */
const actionKey = (
  raw: Record<string, unknown>,
  path: ConfigPath,
  { document, lenient, problems }: Loading
): ActionKey | undefined => {
  const given = actionKeys.filter((key) => raw[key] !== undefined)
  const [key, second] = given
  if (key === undefined) {
    // Where an unknown key was probably meant to be one of them, its own problem says so.
    const isMisspelt = Object.keys(raw).some(
      (one) => !hookKeys.includes(one) && isActionKey(meantKey(one, raw) ?? nearest(one, hookKeys))
    )
    if (lenient || !isMisspelt) {
      problems.push(problemAt(document, path, "expected one thing to do: run, call, post or action"))
    }
    return undefined
  }
  if (second !== undefined) {
    problems.push(
      problemAt(
        document,
        [...path, second],
        `${given.join(" and ")} are given; a hook does one thing, so make two hooks`
      )
    )
    return undefined
  }
  let fits = true
  for (const [one, of] of Object.entries(belongsTo)) {
    if (raw[one] === undefined || of === key) continue
    problems.push(problemAt(document, [...path, one], `"${one}" belongs to ${of}, and this hook has ${key}`))
    fits = false
  }
  if (key === "run" && typeof raw["run"] === "function") {
    for (const one of ["env", "envBase", "cwd", "stdin", "linger"]) {
      if (raw[one] === undefined) continue
      problems.push(problemAt(document, [...path, one], `"${one}" is for commands, and this hook runs a function`))
      fits = false
    }
  }
  return fits ? key : undefined
}

const eventsIn = (on: unknown): HookConfig["on"] | undefined => {
  const names = typeof on === "string" ? [on] : Array.isArray(on) ? on : []
  return names.length > 0 && names.every((name) => typeof name === "string" && name.trim() !== "")
    ? (on as HookConfig["on"])
    : undefined
}

const eventsOf = (on: HookConfig["on"], path: ConfigPath, loading: Loading) => {
  const names = typeof on === "string" ? [on] : [...new Set(on)]
  const native = names.join(",")
  const events: Array<EventName> = []
  const unknown: Array<string> = []
  for (const [index, name] of (typeof on === "string" ? [on] : on).entries()) {
    if (name === "*" || (!unknown.includes(name) && events.some((one) => one === name))) continue
    const at = typeof on === "string" ? [...path, "on"] : [...path, "on", index]
    if (isEventName(name)) {
      events.push(name)
      const misplaced = namespaceProblem(name)
      if (misplaced !== undefined) loading.notices.push(noticeAt(loading.document, at, misplaced))
    } else if (!unknown.includes(name)) {
      unknown.push(name)
      const text = unknownEvent(name)
      noteUnknown(loading, at, loading.lenient ? `the hook never runs for it: ${text}` : text)
    }
  }
  return { events: names.includes("*") ? ("*" as const) : events, native, unknown }
}

/** `pre_tool_use:bash` is an event of a host's own, and hardly what its owner meant. */
const namespaceProblem = (name: string): string | undefined => {
  const [namespace, rest] = name.split(":", 2)
  return rest !== undefined && isCanonicalEvent(namespace!)
    ? `"${name}" is an event of a host's own, which ${namespace} never is; for one tool write on: ${namespace} and tool: ${rest}`
    : undefined
}

const matcherOf = (
  config: HookConfig,
  events: Hook["events"],
  path: ConfigPath,
  loading: Loading
): Pick<Hook, "matcher"> => {
  if (config.tool === undefined) return {}
  const { document, notices } = loading
  const { test, text, literals } = compiledAt([...path, "tool"], config.tool, loading)
  if (config.tool === "*") return {}
  const without = events === "*" ? [] : events.filter((event) => isCanonicalEvent(event) && !mayHave(event, "tool"))
  if (without.length > 0) {
    const text = `${without.join(", ")} ${without.length === 1 ? "is" : "are"} about no tool, so the hook never runs there`
    notices.push(noticeAt(document, [...path, "tool"], text))
  }
  return { matcher: { on: "tool.name", text, test, ...(literals === undefined ? {} : { literals }) } }
}

const conditionOf = (config: HookConfig, path: ConfigPath, loading: Loading): Pick<Hook, "condition"> => {
  if (config.when === undefined) return {}
  const tests = Object.entries(config.when).map(([on, pattern]) => {
    const at = [...path, "when", on]
    const problem = pathProblem(on, conditionRoots)
    if (problem !== undefined) noteUnknown(loading, at, problem, "key")
    return { on, ...compiledAt(at, pattern, loading) }
  })
  return {
    condition: {
      text: tests.map(({ on, text }) => `${on} is ${text}`).join(" and "),
      test: (context) => allFit(tests, ({ on, test }) => test(valueAt(context, on)))
    }
  }
}

/** One that does not fit decides, whichever gave up before it. */
const allFit = <A>(all: ReadonlyArray<A>, fitOf: (one: A) => Fit): Fit => {
  let gaveUp = false
  for (const one of all) {
    const fits = fitOf(one)
    if (fits === false) return false
    if (fits === undefined) gaveUp = true
  }
  return gaveUp ? undefined : true
}

const compiledAt = (
  at: ConfigPath,
  pattern: Parameters<typeof compilePattern>[0],
  { document, patterns, problems, notices }: Loading
) => {
  const compiled = compilePattern(pattern, patterns)
  for (const { path, text } of compiled.problems) problems.push(problemAt(document, [...at, ...path], text))
  for (const doubt of compiled.doubts) notices.push(noticeAt(document, at, doubt))
  return compiled
}

const actionOf = (config: HookConfig, key: ActionKey, path: ConfigPath, loading: Loading): Action | undefined => {
  switch (key) {
    case "run":
      return runOf(config, path, loading)
    case "call": {
      noteUnknownPaths(config.with, [...path, "with"], loading)
      const action: ToolAction = { kind: "tool", name: config.call!, args: config.with ?? {} }
      return action
    }
    case "post": {
      noteUnknownPaths(config.post, [...path, "post"], loading)
      noteUnknownPaths(config.headers, [...path, "headers"], loading)
      const action: HttpAction = {
        kind: "http",
        url: config.post!,
        method: config.method ?? "POST",
        headers: config.headers ?? {},
        ...(config.secret === undefined ? {} : { secret: config.secret })
      }
      return action
    }
    case "action":
      return foreignAction(config.action!, [...path, "action"], loading)
  }
}

const runOf = (config: HookConfig, path: ConfigPath, loading: Loading): Action | undefined => {
  const { document, defaults, notices, problems } = loading
  const run = config.run!
  const cwd = config.cwd ?? defaults.cwd
  if (typeof run === "function") {
    const action: FunctionAction = { kind: "function", run }
    return action
  }
  noteUnknownPaths(config.env, [...path, "env"], loading)
  noteUnknownPaths(config.cwd, [...path, "cwd"], loading)
  if (typeof run === "string") {
    const [named] = pathsIn(run).filter((one) => one.path.includes("."))
    if (named !== undefined) {
      const text = `values are never put into a shell command line, so the shell sees \${${named.path}} as it stands; read it from stdin, or pass it with env`
      notices.push(noticeAt(document, [...path, "run"], text))
    }
  } else {
    let safe = true
    run.forEach((word, index) => {
      const at = [...path, "run", index]
      const paths = pathsIn(word)
      const whole = paths.length === 1 && word === `\${${paths[0]!.path}}`
      if (!whole) return
      noteUnknownPaths(word, at, loading)
      const program =
        index < 2 || !evaluates.test(run[index - 1]!) ? undefined : run.slice(0, index - 1).find(isInterpreter)
      if (program === undefined) return
      const text = `${program} would execute the value of ${word} as a program; pass it as an argument after the script, or with env`
      problems.push(problemAt(document, at, text))
      safe = false
    })
    if (!safe) return undefined
  }
  const action: ShellAction = {
    kind: "shell",
    run: typeof run === "string" ? { command: run } : { argv: run as [string, ...Array<string>] },
    env: { base: config.envBase ?? "inherit", set: config.env ?? {} },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: config.stdin === "empty" ? "empty" : "payload",
    mkdir: []
  }
  return action
}

/** `-c` and its like, after which an interpreter expects a program. */
const evaluates = /^-[A-Za-z]*[cepE]$|^--(?:eval|print|command|execute)$|^eval$/
const interpreters =
  /^(?:(?:ba|da|z|k|mk|a|fi|c|tc)?sh|busybox|python[\d.]*|node|nodejs|bun|deno|perl|ruby|php|lua|pwsh|powershell|osascript)$/
const isInterpreter = (word: string) => interpreters.test(word.replace(/^.*\//, ""))

const foreignAction = (value: { readonly kind: string }, path: ConfigPath, loading: Loading): Action | undefined => {
  const { document, problems, adapters } = loading
  const adapter = adapters.find((one) => one.kind === value.kind)
  if (adapter === undefined) {
    const kinds = adapters.map((one) => one.kind)
    const near = nearest(value.kind, kinds)
    const text = `no adapter for the kind ${show(value.kind)}; this host has ${kinds.join(", ") || "none"}${near === undefined ? "" : `; did you mean "${near}"?`}`
    problems.push(problemAt(document, [...path, "kind"], text))
    return undefined
  }
  const decoded = decodeAt<Action>(adapter.action, document, path, value)
  if (!decoded.ok) {
    problems.push(...decoded.problems)
    return undefined
  }
  for (const excess of excessKeys(adapter.action, value)) {
    const key = String(excess.at(-1))
    if (!key.startsWith("x-")) noteUnknown(loading, [...path, ...excess], `unknown key "${key}"`, "key")
  }
  return decoded.value
}

/** Places in a text whose path no context has, so that they could never be filled in. */
const noteUnknownPaths = (value: unknown, path: ConfigPath, loading: Loading) => {
  for (const one of pathsIn(value)) {
    const problem = pathProblem(one.path, templateRoots)
    if (problem !== undefined) noteUnknown(loading, [...path, ...one.at], `\${${one.path}}: ${problem}`)
  }
}

/** A secret that was written into the config is not repeated in its error. */
const withoutSecret = (problem: ConfigProblem): ConfigProblem =>
  /\.secret(?:\.|$)/.test(problem.path) ? { ...problem, text: problem.text.replace(/, got [^]*$/, "") } : problem

/** A number as a time needs a unit; both that may be meant are named. */
const withUnits = (problem: ConfigProblem): ConfigProblem => {
  const number = /, got (\d+(?:\.\d+)?)$/.exec(problem.text)?.[1]
  return number === undefined || !problem.text.startsWith(timeForm)
    ? problem
    : { ...problem, text: `${timeForm}; write ${number}s or ${number}ms, got ${number}` }
}

const inOrder = <A extends ConfigProblem | LoadNotice>(found: ReadonlyArray<A>): ReadonlyArray<A> =>
  found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
