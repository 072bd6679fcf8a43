/** Finds and reads configs: those that were named or given as text, or those that the products themselves would find. */
import {
  type AnyAdapter,
  ConfigError,
  type ConfigSource,
  type Dialect,
  type Folder,
  type HookSet,
  NoDialect
} from "@tenterhook/core"
import { checkSyntax, nearest } from "@tenterhook/dialects"
import { Effect, Result } from "effect"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, isAbsolute, resolve } from "node:path"
import { foldersUp } from "./foldersUp.ts"
import { ConfigNotFound } from "./ConfigNotFound.ts"
import type { ConfigText } from "./ConfigText.ts"
import { discoveredNotice } from "./discoveredNotice.ts"
import { refusedInDiscovered, refusedInSent, refusedPlugins } from "./plugins/configPlugins.ts"

export interface ConfigRequest {
  /**
   * Paths as their owner names them, relative to `cwd`, or texts. Default: look for configs from `cwd` up to the
   * repository's root. Empty: none, and nothing is looked for; a dialect that was named and is configured by
   * environment has its environment.
   */
  readonly configs?: ReadonlyArray<string | ConfigText>
  /** Hooks given in code, beside or in place of files. */
  readonly value?: unknown
  /** The dialect's id; absent: recognized by what the config looks like. */
  readonly dialect?: string
  readonly mode?: string
  /** Whether unknown keys and events are notices where the dialect refuses them. */
  readonly lenient?: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Whether `plugins:` of configs that were named have been loaded. Default: true; false refuses them. */
  readonly configPlugins?: boolean
}

/**
 * Every hook set of a request, in order. Fails with all problems of all configs that cannot be loaded, and with
 * `ConfigNotFound` where nothing was named and nothing is found.
 */
export const loadConfigs = Effect.fnUntraced(function* (
  request: ConfigRequest,
  dialects: ReadonlyArray<Dialect>,
  adapters: ReadonlyArray<AnyAdapter>
) {
  const wanted = request.dialect === undefined ? undefined : yield* named(request.dialect, dialects)
  const { found, failed } = yield* sourcesOf(request, dialects, wanted)
  const loaded = yield* Effect.forEach(found, ({ source, dialect, discovered }) =>
    Effect.result(
      Effect.andThen(
        withoutPlugins(source, dialect, discovered, request.configPlugins ?? true),
        Effect.map(load(source, dialect, request, adapters), (set) =>
          placed(discovered ? withNotice(set) : set, source.folder)
        )
      )
    )
  )
  const errors = [...failed, ...loaded.flatMap((one) => (Result.isFailure(one) ? [one.failure] : []))]
  if (errors.length > 0) {
    return yield* new ConfigError({ dialect: errors[0]!.dialect, problems: errors.flatMap((error) => error.problems) })
  }
  return loaded.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []))
})

interface Found {
  readonly source: ConfigSource
  readonly dialect: Dialect
  readonly discovered: boolean
}

interface Sources {
  readonly found: ReadonlyArray<Found>
  /** Why configs that were named cannot be read, or are in no dialect. */
  readonly failed: ReadonlyArray<ConfigError>
}

const sourcesOf = Effect.fnUntraced(function* (
  request: ConfigRequest,
  dialects: ReadonlyArray<Dialect>,
  wanted: Dialect | undefined
): Effect.fn.Return<Sources, ConfigNotFound> {
  const { configs = [], cwd } = request
  const read = yield* Effect.forEach(configs, (config) => Effect.result(namedSource(config, cwd, dialects, wanted)))
  const found = read.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []))
  const failed = read.flatMap((one) => (Result.isFailure(one) ? [one.failure] : []))
  if (request.value !== undefined) {
    const dialect = wanted ?? dialects.find((one) => one.id === "native")!
    found.push({ source: { _tag: "value", value: request.value, folder: cwd }, dialect, discovered: false })
  }
  if (found.length + failed.length > 0) return { found, failed }
  const source: ConfigSource = { _tag: "environment", folder: cwd }
  const environment: Sources = {
    found: wanted?.recognizes(source) === true ? [{ source, dialect: wanted, discovered: false }] : [],
    failed
  }
  if (request.configs !== undefined) return environment

  const candidates = wanted === undefined ? dialects : [wanted]
  const folders = foldersUp(cwd)
  for (const path of folders) {
    const folder: Folder = { path, env: request.env, read: (file) => readText(resolve(path, file)) }
    for (const dialect of candidates) {
      for (const source of yield* dialect.discover(folder)) found.push({ source, dialect, discovered: true })
    }
    // A config of our own says what Tenterhook is to run; another product's beside it is run by that product.
    const own = found.filter(({ dialect }) => dialect.id === "native")
    if (found.length > 0) return { found: own.length > 0 ? own : found, failed }
  }
  return environment.found.length > 0 ? environment : yield* Effect.fail(yield* notFound(candidates, folders))
})

/** The error for these dialects: a folder without files records what each of them asks it for. */
const notFound = Effect.fnUntraced(function* (dialects: ReadonlyArray<Dialect>, folders: ReadonlyArray<string>) {
  const files = new Set<string>()
  const recording: Folder = { path: folders[0]!, env: {}, read: (file) => Effect.sync(() => (files.add(file), null)) }
  yield* Effect.forEach(dialects, (dialect) => dialect.discover(recording))
  const own = (file: string) => file.startsWith("tenterhook.")
  return new ConfigNotFound(
    [...files].toSorted((a, b) => Number(own(b)) - Number(own(a))),
    folders
  )
})

const namedSource = Effect.fnUntraced(function* (
  config: string | ConfigText,
  cwd: string,
  dialects: ReadonlyArray<Dialect>,
  wanted: Dialect | undefined
): Effect.fn.Return<Found, ConfigError> {
  const source = typeof config === "string" ? yield* readSource(config, cwd, wanted?.id) : sourceOf(config, cwd)
  return { source, dialect: wanted ?? (yield* recognize(source, dialects)), discovered: false }
})

const load = (
  source: ConfigSource,
  dialect: Dialect,
  { mode, lenient = false }: ConfigRequest,
  adapters: ReadonlyArray<AnyAdapter>
) => {
  const chosen = mode ?? dialect.modes[0]
  return dialect.modes.includes(chosen)
    ? dialect.load(source, { mode: chosen, adapters, lenient })
    : Effect.fail(refusal(dialect.id, null, `no mode "${chosen}" in ${dialect.id}; it has ${dialect.modes.join(", ")}`))
}

/** Code of a project must not run because a file was found, nor code of a server because one was sent. */
const withoutPlugins = (source: ConfigSource, dialect: Dialect, discovered: boolean, allowed: boolean) => {
  if (dialect.id !== "native" || (allowed && !discovered)) return Effect.void
  const refused = refusedPlugins(source, discovered ? refusedInDiscovered : refusedInSent)
  return refused === null ? Effect.void : Effect.fail(refused)
}

/** The set with its config's folder. One that is configured by environment gives the same set for the same values. */
const placed = (set: HookSet, folder: string): HookSet => {
  const { at } = set
  if (at === undefined) return { ...set, folder }
  const known = new WeakMap<HookSet, HookSet>()
  return {
    ...set,
    folder,
    at: (context) => {
      const now = at(context)
      const there = known.get(now) ?? { ...now, folder }
      known.set(now, there)
      return there
    }
  }
}

/** Until trust is enforced, a config that nobody named runs, and says so. */
const withNotice = (set: HookSet): HookSet => {
  if (set.file === null) return set
  return { ...set, notices: [...set.notices, { file: set.file, line: null, column: null, text: discoveredNotice }] }
}

const named = (id: string, dialects: ReadonlyArray<Dialect>) => {
  const dialect = dialects.find((one) => one.id === id)
  if (dialect !== undefined) return Effect.succeed(dialect)
  const known = dialects.map((one) => one.id)
  const near = nearest(id, known)
  return Effect.fail(new NoDialect({ id, known, ...(near === undefined ? {} : { near }) }))
}

/** A config that no dialect recognizes fails with the place where its syntax breaks, where that is why. */
const recognize = (source: ConfigSource, dialects: ReadonlyArray<Dialect>) => {
  const dialect = dialects.find((one) => one.recognizes(source))
  if (dialect !== undefined) return Effect.succeed(dialect)
  const known = dialects.map((one) => one.id).join(", ")
  const text = `cannot tell which dialect this config is in; name one of ${known}`
  if (source._tag !== "text") return Effect.fail(refusal("unknown", null, text))
  const start = { file: source.file, line: 1, column: 1, path: "" }
  const unknown = new ConfigError({
    dialect: "unknown",
    problems: [{ ...start, text: `${text}. A native config has "hooks", a list of maps with "on" and "run"` }]
  })
  return /\.(?:jsonc?|ya?ml)$/i.test(source.file)
    ? Effect.andThen(checkSyntax(source), Effect.fail(unknown))
    : Effect.fail(unknown)
}

/** One config or several, as options have them. */
export const listOf = (
  config: string | ConfigText | ReadonlyArray<string | ConfigText>
): ReadonlyArray<string | ConfigText> => (typeof config === "string" || "text" in config ? [config] : config)

export const sourceOf = ({ file, text, folder = "." }: ConfigText, cwd: string): ConfigSource => ({
  _tag: "text",
  file,
  folder: resolve(cwd, folder),
  text
})

/** The file's text, with its place. */
export const readSource = Effect.fnUntraced(function* (file: string, cwd: string, dialect: string | undefined) {
  const path = isAbsolute(file) ? file : resolve(cwd, file)
  const text = yield* readText(path)
  if (text === null) {
    const why = existsSync(path) ? "cannot be read as a file" : `no such file; looked for ${path}`
    return yield* refusal(dialect ?? "unknown", file, why)
  }
  return { _tag: "text" as const, file, folder: dirname(path), text }
})

const refusal = (dialect: string, file: string | null, text: string) =>
  new ConfigError({ dialect, problems: [{ file, line: null, column: null, path: "", text }] })

const readText = (path: string): Effect.Effect<string | null> =>
  Effect.promise(() => readFile(path, "utf8").catch(() => null))
