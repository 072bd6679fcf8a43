/** Tenterhook's own config language: every capability of the model. `tenterhook.yaml`, `tenterhook.yml`, `tenterhook.json`. */
import { canonicalEvents, type ConfigSource, type Dialect, type EventTable, type Folder } from "@tenterhook/core"
import { Effect } from "effect"
import { peek } from "../config/Document.ts"
import { decode } from "./decode.ts"
import { encode } from "./encode.ts"
import { load } from "./load.ts"

/** All that are there are read, in this order. */
const fileNames = ["tenterhook.yaml", "tenterhook.yml", "tenterhook.json"] as const

const discover = (from: Folder) =>
  Effect.map(
    Effect.forEach(fileNames, (name) =>
      Effect.map(from.read(name), (text): ReadonlyArray<ConfigSource> =>
        text === null
          ? []
          : [{ _tag: "text", file: `${from.path.replace(/\/$/, "")}/${name}`, folder: from.path, text }]
      )
    ),
    (found) => found.flat()
  )

/** By its name, or by a key of one of its hooks that no other dialect has. */
const recognizes = (source: ConfigSource): boolean => {
  if (source._tag === "environment") return false
  if (source._tag === "text" && /(?:^|[/\\.])tenterhook\.(?:ya?ml|json)$/i.test(source.file)) return true
  if (source._tag === "text" && !ownKeys.some((key) => source.text.includes(key))) return false
  const value = peek(source)
  return hasHooks(source._tag === "value" && Array.isArray(value) ? { hooks: value } : value)
}

const hasHooks = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null || !("hooks" in value) || !Array.isArray(value.hooks)) return false
  return value.hooks.some(
    (hook) => typeof hook === "object" && hook !== null && ownKeys.some((key) => Object.hasOwn(hook, key))
  )
}

const ownKeys = ["on", "run", "call", "post", "onFailure"]

const events: EventTable = Object.fromEntries(canonicalEvents.map((event) => [event, { event }]))

export const native: Dialect = {
  id: "native",
  title: "Tenterhook's own tenterhook.yaml and tenterhook.json",
  modes: ["documented"],
  events,
  discover,
  recognizes,
  load,
  encode,
  decode
}
