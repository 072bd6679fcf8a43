/** A dialect of somebody else, plain or written with Effect, as the engine uses it. */
import {
  ConfigError,
  type ConfigSource,
  type Decoded,
  type Dialect,
  EncodeError,
  type Hook,
  type HookSet,
  isEventName
} from "@tenterhook/core"
import { show } from "@tenterhook/dialects"
import { Effect } from "effect"
import type { PlainDialect } from "../PlainDialect.ts"
import { fromPlainDialect } from "../plain/fromPlainDialect.ts"
import { PluginError } from "./PluginError.ts"
import { checkFunctions, checkKeys, expected, isObject, isText, type Origin, refuse } from "./Shape.ts"
import { wordsOf } from "./thrown.ts"

/** A dialect as its package exports it: `Dialect` of @tenterhook/core, which is written with Effect. */
export interface EngineDialect {
  readonly id: string
  readonly title: string
  readonly modes: ReadonlyArray<string>
  readonly events: Readonly<Record<string, unknown>>
  readonly discover: (from: any) => unknown
  readonly recognizes: (source: any) => boolean
  readonly load: (source: any, options: any) => unknown
  readonly encode: (hook: any, fire: any) => unknown
  readonly decode: (hook: any, fire: any, end: any) => unknown
}

/** Throws `PluginError` where it is not one. */
export const dialectOf = (
  value: PlainDialect | EngineDialect,
  origin: Origin = { module: null, name: "dialect" }
): Dialect => {
  const given: unknown = value
  if (!isObject(given)) return expected(origin, "", "a dialect: an object with id, events and load", given)
  if (made.has(given)) return given as unknown as Dialect
  const isEngine = "discover" in given
  checkNames(origin, given, isEngine)
  checkEvents(origin, given["events"])
  checkFunctions(origin, given, ["load"], "required")
  checkFunctions(origin, given, ["recognizes", "encode", "decode"], isEngine ? "required" : "optional")
  if (!isEngine) {
    checkFiles(origin, given["files"])
    checkKeys(origin, given, plainKeys)
  }
  checkFunctions(origin, given, isEngine ? ["discover"] : [], "required")
  const outside = isEngine ? contained(given as unknown as Dialect) : fromPlainDialect(given as unknown as PlainDialect)
  const dialect: Dialect = { ...outside, recognizes: (source) => !isOwn(source) && outside.recognizes(source) }
  made.add(dialect)
  return dialect
}

const made = new WeakSet<object>()

const plainKeys = ["id", "title", "modes", "events", "files", "recognizes", "load", "encode", "decode"]

const checkNames = (origin: Origin, { id, title, modes }: Readonly<Record<string, unknown>>, isEngine: boolean) => {
  if (typeof id !== "string" || !/^[a-z][a-z0-9-]*$/.test(id))
    expected(origin, "id", "a word in small letters, e.g. my-product", id)
  if (!isText(title) && (isEngine || title !== undefined)) expected(origin, "title", "a text", title)
  const isModes =
    Array.isArray(modes) && modes.length > 0 && modes.every(isText) && new Set(modes).size === modes.length
  if (!isModes && (isEngine || modes !== undefined)) expected(origin, "modes", "a list of different names", modes)
}

const checkEvents = (origin: Origin, events: unknown) => {
  if (!isObject(events) || Object.keys(events).length === 0)
    return expected(origin, "events", `a map, e.g. { beforeTool: "pre_tool_use" }`, events)
  for (const [name, entry] of Object.entries(events)) {
    const { event, class: declared } = typeof entry === "string" ? { event: entry, class: undefined } : Object(entry)
    const key = `events.${name}`
    if (name === "") refuse(origin, "events", "expected names of events as keys, got an empty one")
    if (typeof event !== "string" || !isEventName(event))
      expected(origin, key, "a canonical event, e.g. pre_tool_use, or <namespace>:<name>", event ?? entry)
    if (declared !== undefined && !classes.includes(declared))
      expected(origin, `${key}.class`, classes.join(", "), declared)
  }
}

const classes: ReadonlyArray<unknown> = ["gate", "loop", "transform", "observe"]

const checkFiles = (origin: Origin, files: unknown) => {
  if (files === undefined) return
  if (!Array.isArray(files) || !files.every(isText)) expected(origin, "files", "a list of file names", files)
  for (const file of files as ReadonlyArray<string>) {
    if (file.startsWith("/") || file.split(/[/\\]/).includes(".."))
      expected(origin, "files", "names below the folder that is searched", file)
    if (ownName.test(file)) refuse(origin, "files", `${file} is the native dialect's`)
  }
}

/** A file with the name of our own format is read as nothing else. */
const ownName = /(?:^|[/\\])tenterhook\.(?:ya?ml|json)$/i

const isOwn = (source: ConfigSource) => source._tag === "text" && ownName.test(source.file)

/** The dialect, with its faults as failures that say whose they are. */
const contained = (dialect: Dialect): Dialect => {
  const { id } = dialect
  const fault = (what: string, why: string) =>
    new PluginError({ module: null, text: `the dialect "${id}" failed in ${what}: ${why}` })
  const run = <A, E>(what: string, effect: () => Effect.Effect<A, E>): Effect.Effect<A, E | PluginError> =>
    Effect.suspend((): Effect.Effect<A, E | PluginError> => {
      const returned: unknown = effect()
      return Effect.isEffect(returned)
        ? (returned as Effect.Effect<A, E>)
        : Effect.fail(fault(what, `expected an Effect of effect 4, got ${show(returned)}`))
    }).pipe(Effect.catchDefect((defect) => Effect.fail(fault(what, wordsOf(defect)))))
  const refused = (source: ConfigSource, error: unknown) => {
    const place =
      source._tag === "text" ? { file: source.file, line: 1, column: 1 } : { file: null, line: null, column: null }
    return new ConfigError({ dialect: id, problems: [{ ...place, path: "", text: wordsOf(error) }] })
  }
  return {
    id,
    title: dialect.title,
    modes: dialect.modes,
    events: dialect.events,
    discover: (from) => Effect.orDie(run("discover", () => dialect.discover(from))),
    recognizes: (source) => {
      let answer: unknown
      try {
        answer = dialect.recognizes(source)
      } catch (error) {
        throw fault("recognizes", wordsOf(error))
      }
      if (typeof answer === "boolean") return answer
      throw fault("recognizes", `expected true or false, got ${show(answer)}`)
    },
    load: (source, options) =>
      run("load", () => dialect.load(source, options)).pipe(
        Effect.mapError((error) => (isConfigError(error) ? error : refused(source, error))),
        Effect.flatMap((set) => {
          const wrong = wrongIn(set, id)
          return wrong === undefined ? Effect.succeed(set) : Effect.fail(refused(source, fault("load", wrong)))
        })
      ),
    encode: (hook, fire) =>
      Effect.mapError(
        run("encode", () => dialect.encode(hook, fire)),
        (error) => (isEncodeError(error) ? error : new EncodeError({ reason: "decode", text: wordsOf(error) }))
      ),
    decode: (hook, fire, end) => {
      try {
        const decoded: unknown = dialect.decode(hook, fire, end)
        if (isDecoded(decoded)) return decoded
        return failed(hook, fault("decode", `expected { outcome, decisive }, got ${show(decoded)}`).message)
      } catch (error) {
        return failed(hook, fault("decode", wordsOf(error)).message)
      }
    },
    ...(dialect.announce === undefined ? {} : { announce: dialect.announce.bind(dialect) })
  }
}

const failed = (hook: Hook<any>, message: string): Decoded => {
  const closed = hook.onFailure === "block"
  return {
    outcome: {
      status: "failed",
      reason: "decode",
      notices: closed ? [] : [{ level: "warn", text: `${message}; the agent goes on` }]
    },
    decisive: closed,
    message
  }
}

const wrongIn = (set: HookSet, id: string): string | undefined => {
  const given: unknown = set
  if (!isObject(given)) return `expected a hook set, got ${show(given)}`
  if (given["dialect"] !== id) return `expected a hook set of "${id}", got one of ${show(given["dialect"])}`
  for (const key of ["hooks", "notices"])
    if (!Array.isArray(given[key])) return `expected ${key} of its hook set to be a list, got ${show(given[key])}`
  return isObject(given["policy"]) ? undefined : `expected policy of its hook set, got ${show(given["policy"])}`
}

/** Of this copy of the core or of another. */
const isConfigError = (error: unknown): error is ConfigError =>
  isObject(error) && error["_tag"] === "ConfigError" && Array.isArray(error["problems"])

const isEncodeError = (error: unknown): error is EncodeError =>
  isObject(error) && error["_tag"] === "EncodeError" && typeof error["text"] === "string"

const isDecoded = (decoded: unknown): decoded is Decoded => {
  const { outcome } = Object(decoded) as { readonly outcome?: unknown }
  const { status, output } = Object(outcome) as { readonly status?: unknown; readonly output?: unknown }
  return status === "succeeded" ? isObject(output) : status === "failed" || status === "skipped"
}
