/** The dialect of oats: `coder.json`, JSON on stdin, JSON on stdout. Source: oats, oats.hook.engine. */
import { type ConfigSource, type Dialect, EncodeError, type Fire, type Folder, type Hook } from "@tenterhook/core"
import { Effect } from "effect"
import { loadConfig, type OatsHook, oatsEvents } from "./Config.ts"
import { type HookContext, hookContextOf } from "./HookContext.ts"
import { readCommandEnd, readFunctionEnd } from "./HookResult.ts"
import { writePythonJson } from "./PythonJson.ts"

export const oats: Dialect = {
  id: "oats",
  title: "oats (open-agent-tools-coder), coder.json",
  modes: ["documented", "upstream"],
  events: Object.fromEntries(oatsEvents.map((event) => [event, { event }])),
  discover: (from) => discover(from),
  recognizes: (source) => recognizes(source),
  load: (source, { mode }) => loadConfig(source, mode),
  encode: (hook, fire) => encode(hook as OatsHook, fire),
  decode: (hook: Hook<any>, fire, end) => {
    const { action, ext } = hook as OatsHook
    return action.kind === "function" ? readFunctionEnd(end, fire, ext) : readCommandEnd(end, fire, ext)
  }
}

/** A command gets the context on stdin, a function as its argument. */
const encode = Effect.fnUntraced(function* ({ action }: OatsHook, fire: Fire) {
  const [value, text] = yield* Effect.try({
    try: (): [HookContext, string] => {
      const value = hookContextOf(fire)
      return [value, action.kind === "function" ? "" : writePythonJson(value)]
    },
    catch: (error) =>
      new EncodeError({ reason: "decode", text: `the context cannot be written as JSON: ${messageOf(error)}` })
  })
  if (action.kind === "function") return { action, value }
  const { cwd } = fire.context
  return { action: cwd === undefined ? action : { ...action, cwd }, payload: encoder.encode(text) }
})

const encoder = new TextEncoder()

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/**
 * `CODER_CONFIG_FILE`, else the first file there is of those that upstream and its document name; `PERSONA_CONFIG`
 * replaces its hooks where it has some.
 */
const discover = Effect.fnUntraced(function* (from: Folder) {
  const { CODER_CONFIG_FILE, PERSONA_CONFIG, HOME } = from.env
  const home = HOME === undefined ? [] : [`${HOME}/.local/share/oats/coder.json`]
  const places = [CODER_CONFIG_FILE ?? "oats/config/coder.json", "coder.json", ...systemPlaces, ...home]
  const persona = PERSONA_CONFIG === undefined ? undefined : yield* readAt(from, PERSONA_CONFIG)
  if (persona !== undefined && (isBroken(persona) || hooksIn(persona) !== undefined)) return [persona]
  for (const place of places) {
    const found = yield* readAt(from, place)
    if (found !== undefined) return [found]
  }
  return []
})

const systemPlaces = ["/opt/ds/oats/oats/config/coder.json", "/Library/Application Support/oats/coder.json"]

const readAt = (from: Folder, file: string): Effect.Effect<ConfigSource | undefined> =>
  Effect.map(from.read(file), (text) => {
    if (text === null) return undefined
    const path = file.startsWith("/") ? file : `${from.path}/${file}`
    return { _tag: "text", file, folder: path.slice(0, path.lastIndexOf("/")) || "/", text }
  })

/** A file of its name, or a list of hooks that each have an event of oats, and no key that only others know. */
const recognizes = (source: ConfigSource): boolean => {
  if (source._tag !== "text") return false
  if (/(^|\/)coder\.json$/.test(source.file)) return true
  const hooks = hooksIn(source)
  return (
    hooks !== undefined &&
    hooks.length > 0 &&
    hooks.every(
      (hook) =>
        typeof hook === "object" &&
        hook !== null &&
        (oatsEvents as ReadonlyArray<unknown>).includes((hook as { event?: unknown }).event) &&
        !foreignKeys.some((key) => Object.hasOwn(hook, key))
    )
  )
}

/** Keys by which the lists of other dialects are told from one of oats. */
const foreignKeys = ["name", "inject_output", "enabled", "on", "run", "call", "post", "onFailure"]

const hooksIn = (source: ConfigSource): ReadonlyArray<unknown> | undefined => {
  const root = jsonOf(source) as { readonly hooks?: unknown } | undefined | null
  const { hooks } = root ?? {}
  const list = Array.isArray(hooks) ? hooks : (hooks as { readonly hooks?: unknown } | undefined | null)?.hooks
  return Array.isArray(list) ? list : undefined
}

/** Loading it says where it breaks. */
const isBroken = (source: ConfigSource): boolean => jsonOf(source) === undefined

const jsonOf = (source: ConfigSource): unknown => {
  if (source._tag !== "text") return undefined
  try {
    return JSON.parse(source.text.replace(/^\uFEFF/, ""))
  } catch {
    return undefined
  }
}
