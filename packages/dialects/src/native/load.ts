/** From a native config to a hook set. Collects every problem; doubts become notices. */
import {
  type Action,
  canonicalEvents,
  ConfigError,
  type ConfigProblem,
  type ConfigSource,
  defaultPolicy,
  type EventName,
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
  type Policy,
  type ShellAction,
  type ToolAction,
  valueAt
} from "@tenterhook/core"
import { Effect, type Schema } from "effect"
import { decodeAt } from "../config/decode.ts"
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
import { nearest } from "../config/nearest.ts"
import {
  CodeHookConfig,
  defaultsKeys,
  headerKeys,
  HeaderConfig,
  HookConfig,
  hookKeys,
  type PolicyConfig,
  policyKeys
} from "./Config.ts"
import { durationMs } from "./duration.ts"
import { type Place, type Prepared, prepare } from "./encode.ts"
import { compilePattern } from "./Pattern.ts"
import { conditionRoots, pathProblem, pathsIn, templateRoots } from "./Template.ts"

export const load = Effect.fnUntraced(function* (source: ConfigSource, { adapters, mode }: LoadOptions) {
  const document = yield* readDocument("native", source)
  const place: Place = { folder: source.folder }
  const value = source._tag === "value" && Array.isArray(document.value) ? { hooks: document.value } : document.value
  const rooted = source._tag === "value" ? { ...document, value } : document

  const header = decodeAt(HeaderConfig, rooted, [], value)
  const problems: Array<ConfigProblem> = header.ok ? [] : [...header.problems]
  const listed: ReadonlyArray<unknown> = isRecord(value) && Array.isArray(value["hooks"]) ? value["hooks"] : []
  const defaults = header.ok ? (header.value.defaults ?? {}) : {}
  const loading: Loading = { document: rooted, place, defaults, adapters, problems, notices: [], counts: new Map() }

  warnOfPaths(defaults.cwd, ["defaults", "cwd"], loading)
  const hooks = listed.flatMap((one, index) => hookOf(one, ["hooks", index], loading))
  if (isRecord(value)) {
    loading.notices.push(
      ...unknownKeys(rooted, [], value, headerKeys),
      ...unknownKeys(rooted, ["defaults"], value["defaults"], defaultsKeys),
      ...unknownKeys(rooted, ["policy"], value["policy"], policyKeys),
      ...Object.entries(isRecord(value["policies"]) ? value["policies"] : {}).flatMap(([event, policy]) =>
        unknownKeys(rooted, ["policies", event], policy, policyKeys)
      )
    )
  }
  if (!header.ok || problems.length > 0)
    return yield* new ConfigError({ dialect: "native", problems: inOrder(problems) })

  const policy = policyOf(defaultPolicy, header.value.policy)
  const policies = policiesOf(header.value.policies, policy, loading)
  const set: HookSet = {
    dialect: "native",
    mode,
    file: document.file,
    hooks,
    policy,
    ...(policies === undefined ? {} : { policies }),
    trust: named,
    notices: inOrder(loading.notices)
  }
  return set
})

interface Loading {
  readonly document: Document
  readonly place: Place
  readonly defaults: Defaults
  readonly adapters: LoadOptions["adapters"]
  readonly problems: Array<ConfigProblem>
  readonly notices: Array<LoadNotice>
  /** How many hooks each spelling of an event has so far. */
  readonly counts: Map<string, number>
}

interface Defaults {
  readonly timeout?: string
  readonly onFailure?: "continue" | "block"
  readonly cwd?: string
}

const hookOf = (raw: unknown, path: ConfigPath, loading: Loading): ReadonlyArray<Hook> => {
  const { document, place, defaults, problems, notices } = loading
  const schema: Schema.Decoder<HookConfig> = document.file === null ? CodeHookConfig : HookConfig
  const decoded = decodeAt(schema, document, path, raw)
  if (!decoded.ok) problems.push(...decoded.problems.map(withoutSecret))
  if (!isRecord(raw)) return []
  const action = actionKey(raw, path, loading)
  if (!decoded.ok || action === undefined) return []
  const config = decoded.value

  for (const key of Object.keys(raw).filter((one) => !hookKeys.includes(one))) {
    const meant = foreignKeys[key]
    const text =
      meant === undefined ? unknownText("key", key, hookKeys) : `unknown key "${key}"; did you mean "${meant}"?`
    notices.push(noticeAt(document, [...path, key], text))
  }
  notices.push(
    ...unknownKeys(document, [...path, "secret"], raw["secret"], ["env"]),
    ...unknownInPattern(document, [...path, "tool"], raw["tool"]),
    ...Object.entries(isRecord(raw["when"]) ? raw["when"] : {}).flatMap(([on, pattern]) =>
      unknownInPattern(document, [...path, "when", on], pattern)
    )
  )
  const { events, native } = eventsOf(config.on, path, loading)
  const index = loading.counts.get(native) ?? 0
  loading.counts.set(native, index + 1)
  const name = config.name ?? `${native}[${index}]`

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
      onFailure: config.onFailure ?? defaults.onFailure ?? "continue",
      enabled: config.enabled ?? true,
      ...(config.linger === undefined ? {} : { linger: config.linger }),
      source: { file: document.file, line: position.line },
      ext: prepared
    }
  ]
}

const defaultTimeout = "60s"

const actionKeys = ["run", "call", "post", "action"] as const
type ActionKey = (typeof actionKeys)[number]

/** The one thing that a hook does; keys that belong to another are problems. */
const actionKey = (
  raw: Record<string, unknown>,
  path: ConfigPath,
  { document, problems }: Loading
): ActionKey | undefined => {
  const given = actionKeys.filter((key) => raw[key] !== undefined)
  const [key, second] = given
  if (key === undefined) {
    const strange = Object.keys(raw).filter((one) => !hookKeys.includes(one))
    const hint = strange.flatMap((one) => {
      const foreign = foreignKeys[one]
      const meant = actionKeys.find((key) => key === foreign) ?? nearest(one, actionKeys)
      return meant === undefined ? [] : [`"${one}" is no key here, write "${meant}"`]
    })
    const text = "expected one thing to do: run, call, post or action"
    problems.push(problemAt(document, path, hint.length === 0 ? text : `${text} (${hint.join("; ")})`))
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

const belongsTo: Readonly<Record<string, ActionKey>> = {
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

/** Words of other products' configs for what `native` calls otherwise. */
const foreignKeys: Readonly<Partial<Record<string, string>>> = {
  __proto__: null as never,
  command: "run",
  cmd: "run",
  script: "run",
  exec: "run",
  url: "post",
  webhook: "post",
  tool_name: "call",
  args: "with",
  event: "on",
  matcher: "tool",
  if: "when",
  working_dir: "cwd",
  timeout_ms: "timeout",
  failClosed: "onFailure"
}

const unknownInPattern = (document: Document, path: ConfigPath, pattern: unknown): ReadonlyArray<LoadNotice> => {
  if (Array.isArray(pattern)) return pattern.flatMap((one, index) => unknownInPattern(document, [...path, index], one))
  if (!isRecord(pattern)) return []
  return Object.hasOwn(pattern, "not")
    ? [
        ...unknownKeys(document, path, pattern, ["not"]),
        ...unknownInPattern(document, [...path, "not"], pattern["not"])
      ]
    : unknownKeys(document, path, pattern, ["regex", "flags"])
}

const eventsOf = (on: HookConfig["on"], path: ConfigPath, { document, notices }: Loading) => {
  const names = typeof on === "string" ? [on] : [...new Set(on)]
  const native = names.join(",")
  if (names.includes("*")) return { events: "*" as const, native }
  const events: Array<EventName> = []
  names.forEach((name, index) => {
    if (isEventName(name)) return events.push(name)
    const at = typeof on === "string" ? [...path, "on"] : [...path, "on", index]
    return notices.push(noticeAt(document, at, `${unknownEvent(name)}; the hook never runs for it`))
  })
  return { events, native }
}

const unknownEvent = (name: string) =>
  foreignEvents[name] === undefined
    ? unknownText("event", name, canonicalEvents)
    : `unknown event "${name}"; did you mean "${foreignEvents[name]}"?`

/** Other products' names that are too far from ours to be found by their letters. */
const foreignEvents: Readonly<Partial<Record<string, string>>> = {
  __proto__: null as never,
  UserPrompt: "user_prompt_submit",
  BeforeTool: "pre_tool_use",
  AfterTool: "post_tool_use",
  before_tool: "pre_tool_use",
  after_tool: "post_tool_use",
  preExecution: "execution_start",
  pre_execute: "execution_start",
  pre_execution: "execution_start",
  post_execution: "execution_end"
}

const matcherOf = (
  config: HookConfig,
  events: Hook["events"],
  path: ConfigPath,
  { document, notices }: Loading
): Pick<Hook, "matcher"> => {
  if (config.tool === undefined) return {}
  const { test, text, literals, doubts } = compilePattern(config.tool)
  for (const doubt of doubts) notices.push(noticeAt(document, [...path, "tool"], doubt))
  if (config.tool === "*") return {}
  const without = events === "*" ? [] : events.filter((event) => isCanonicalEvent(event) && !mayHave(event, "tool"))
  if (without.length > 0) {
    const text = `${without.join(", ")} ${without.length === 1 ? "is" : "are"} about no tool, so the hook never runs there`
    notices.push(noticeAt(document, [...path, "tool"], text))
  }
  return { matcher: { on: "tool.name", text, test, ...(literals === undefined ? {} : { literals }) } }
}

const conditionOf = (config: HookConfig, path: ConfigPath, { document, notices }: Loading): Pick<Hook, "condition"> => {
  if (config.when === undefined) return {}
  const tests = Object.entries(config.when).map(([on, pattern]) => {
    const at = [...path, "when", on]
    const problem = pathProblem(on, conditionRoots)
    if (problem !== undefined) notices.push(noticeAt(document, at, problem))
    const compiled = compilePattern(pattern)
    for (const doubt of compiled.doubts) notices.push(noticeAt(document, at, doubt))
    return { on, ...compiled }
  })
  return {
    condition: {
      text: tests.map(({ on, text }) => `${on} is ${text}`).join(" and "),
      test: (context) => tests.every(({ on, test }) => test(valueAt(context, on)))
    }
  }
}

const actionOf = (config: HookConfig, key: ActionKey, path: ConfigPath, loading: Loading): Action | undefined => {
  switch (key) {
    case "run":
      return runOf(config, path, loading)
    case "call": {
      warnOfPaths(config.with, [...path, "with"], loading)
      const action: ToolAction = { kind: "tool", name: config.call!, args: config.with ?? {} }
      return action
    }
    case "post": {
      warnOfPaths(config.post, [...path, "post"], loading)
      warnOfPaths(config.headers, [...path, "headers"], loading)
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
  warnOfPaths(config.env, [...path, "env"], loading)
  warnOfPaths(config.cwd, [...path, "cwd"], loading)
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
      warnOfPaths(word, at, loading)
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

const foreignAction = (
  value: { readonly kind: string },
  path: ConfigPath,
  { document, problems, adapters }: Loading
): Action | undefined => {
  const adapter = adapters.find((one) => one.kind === value.kind)
  if (adapter === undefined) {
    const kinds = adapters.map((one) => one.kind)
    const near = nearest(value.kind, kinds)
    const text = `no adapter for the kind ${show(value.kind)}; this host has ${kinds.join(", ") || "none"}${near === undefined ? "" : `; did you mean "${near}"?`}`
    problems.push(problemAt(document, [...path, "kind"], text))
    return undefined
  }
  const decoded = decodeAt<Action>(adapter.action, document, path, value)
  if (decoded.ok) return decoded.value
  problems.push(...decoded.problems)
  return undefined
}

/** A notice for each place in a text whose path the context cannot have. */
const warnOfPaths = (value: unknown, path: ConfigPath, { document, notices }: Loading) => {
  for (const one of pathsIn(value)) {
    const problem = pathProblem(one.path, templateRoots)
    if (problem !== undefined) notices.push(noticeAt(document, [...path, ...one.at], `\${${one.path}}: ${problem}`))
  }
}

const policyOf = (base: Policy, config: PolicyConfig | undefined): Policy => ({ ...base, ...config })

const policiesOf = (
  config: Readonly<Record<string, PolicyConfig>> | undefined,
  base: Policy,
  { document, notices }: Loading
) => {
  if (config === undefined) return undefined
  const policies: Partial<Record<EventName, Policy>> = {}
  for (const [event, policy] of Object.entries(config)) {
    if (isEventName(event)) policies[event] = policyOf(base, policy)
    else notices.push(noticeAt(document, ["policies", event], unknownEvent(event)))
  }
  return policies
}

/** A secret that was written into the config is not repeated in its error. */
const withoutSecret = (problem: ConfigProblem): ConfigProblem =>
  /\.secret(?:\.|$)/.test(problem.path) ? { ...problem, text: problem.text.replace(/, got [^]*$/, "") } : problem

const inOrder = <A extends ConfigProblem | LoadNotice>(found: ReadonlyArray<A>): ReadonlyArray<A> =>
  found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
