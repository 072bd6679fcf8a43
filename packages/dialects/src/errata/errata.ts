/** The dialect of errata: the hooks of a recipe, run by `sh -c`, all of them, in order. Source: errata, package hooks. */
import {
  type ConfigSource,
  type Decoded,
  type Dialect,
  EncodeError,
  type End,
  type EventContext,
  failed,
  type Folder,
  type Hook,
  succeeded,
  textOf
} from "@tenterhook/core"
import { Effect } from "effect"
import { peek } from "../config/Document.ts"
import { errataEvents, isRecipe, loadConfig, type LoadedHook } from "./Config.ts"
import { hasHooksSection } from "./Recipe.ts"
import { exported, substituted } from "./Substitution.ts"

export const errata: Dialect = {
  id: "errata",
  title: "errata, package hooks v0.1.5 and recipe.md",
  modes: ["documented", "upstream"],
  events: Object.fromEntries(Object.entries(errataEvents).map(([native, event]) => [native, { event }])),
  discover: (from) => discover(from),
  recognizes: (source) =>
    source._tag === "text" && (isRecipe(source.file) ? hasHooksSection(source.text) : looksLikeList(source)),
  load: (source, { mode }) => loadConfig(source, mode),
  encode: (hook, { context, mode }) =>
    Effect.try({
      try: () => ({ action: actionFor(hook as LoadedHook, context, mode) }),
      catch: (error) =>
        new EncodeError({ reason: "decode", text: `extra.env cannot be written as text: ${String(error)}` })
    }),
  decode: (hook: Hook<any>, _fire, end) => decode(hook as LoadedHook, end)
}

/** The shell expands what is exported; in `upstream` the values become part of the command's text. */
const actionFor = ({ action }: LoadedHook, context: EventContext, mode: string) => {
  const values = valuesOf(context)
  const { cwd } = context
  const run =
    "command" in action.run && mode === "upstream" ? { command: substituted(action.run.command, values) } : action.run
  const set = mode === "upstream" ? {} : exported(values)
  return { ...action, run, env: { ...action.env, set }, ...(cwd === undefined ? {} : { cwd }) }
}

/** `TOOL_NAME`, and what the host adds in `extra.env`, which wins. */
const valuesOf = ({ tool, extra }: EventContext): ReadonlyMap<string, string> => {
  const values = new Map<string, string>()
  if (tool !== undefined && tool.name !== "") values.set("TOOL_NAME", tool.name)
  const given = extra?.["env"]
  if (typeof given === "object" && given !== null) {
    for (const [name, value] of Object.entries(given)) {
      if (name !== "" && value !== undefined && value !== null)
        values.set(name, typeof value === "object" ? JSON.stringify(value) : String(value))
    }
  }
  return values
}

/** The code is -1 wherever the process gave none. Partial output stays. Source: errata, HookResult. */
const decode = ({ ext }: LoadedHook, end: End): Decoded => {
  if (end._tag === "failure") return { outcome: failed(end.reason), decisive: false, exitCode: -1 }
  if (end.status !== 0) {
    return end.status === null
      ? { outcome: failed("signal"), decisive: false, exitCode: -1 }
      : { outcome: failed("exit"), decisive: false }
  }
  const stdout = ext.injectOutput ? textOf(end.output) : ""
  return { outcome: succeeded(stdout === "" ? {} : { context: [stdout] }), decisive: false }
}

/** The first recipe there is, of those that errata would take; without hooks there is nothing to load. */
const discover = Effect.fnUntraced(function* (from: Folder) {
  const { HOME } = from.env
  const home = HOME === undefined ? [] : [`${HOME}/.errata/default.recipe.md`]
  for (const file of ["recipe.md", ".errata/recipe.md", ...home]) {
    const text = yield* from.read(file)
    if (text === null) continue
    const path = file.startsWith("/") ? file : `${from.path}/${file}`
    const folder = path.slice(0, path.lastIndexOf("/")) || "/"
    return hasHooksSection(text) ? [{ _tag: "text", file, folder, text } as const] : []
  }
  return []
})

/** A list whose entries have an event of errata; in JSON, where oats looks alike, also a key or an event that only errata has. */
const looksLikeList = (source: ConfigSource & { readonly _tag: "text" }): boolean => {
  const list = listIn(source)
  return (
    list !== undefined &&
    list.length > 0 &&
    list.every(
      (hook) =>
        typeof hook["event"] === "string" &&
        Object.hasOwn(errataEvents, hook["event"]) &&
        !foreignKeys.some((key) => Object.hasOwn(hook, key))
    ) &&
    (!source.file.endsWith(".json") || list.some(isOwn))
  )
}

const isOwn = (hook: Record<string, unknown>): boolean =>
  ownKeys.some((key) => Object.hasOwn(hook, key)) ||
  ownEvents.includes(hook["event"]) ||
  (typeof hook["timeout"] === "string" && /[a-z]/.test(hook["timeout"]))

const ownKeys = ["name", "action", "inject_output", "enabled"]
const ownEvents: ReadonlyArray<unknown> = ["pre_prompt", "post_response", "context_compact", "session_end"]

/** Keys of a native hook: its owner expects what they mean there. */
const foreignKeys = ["on", "run", "call", "post", "onFailure"]

const listIn = (source: ConfigSource): ReadonlyArray<Record<string, unknown>> | undefined => {
  const root = peek(source)
  const list = Array.isArray(root) ? root : (root as { readonly hooks?: unknown } | null | undefined)?.hooks
  return Array.isArray(list) && list.every((hook) => typeof hook === "object" && hook !== null) ? list : undefined
}
