/** The `## Hooks` section of a recipe in Markdown, as a document that knows its lines. Source: errata, recipe.md v1. */
import { ConfigError } from "@tenterhook/core"
import { Effect } from "effect"
import type { ConfigPath, Document, Place } from "../config/Document.ts"

export interface Recipe extends Document {
  readonly value: { readonly hooks: ReadonlyArray<Readonly<Record<string, string>>> }
  /** Lines of the section that belong to no hook, though they look like a key and a value. */
  readonly stray: ReadonlyArray<{ readonly line: number; readonly key: string }>
  /** Keys of a hook that stand there again; the last holds. */
  readonly repeated: ReadonlyArray<{ readonly place: Place; readonly first: Place; readonly key: string }>
}

/** Fails where the recipe has no version, or another than 1. A recipe without the section has no hooks. */
export const readRecipe = Effect.fnUntraced(function* (file: string, text: string) {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
  const wrong = versionProblem(lines)
  if (wrong !== undefined) {
    return yield* new ConfigError({
      dialect: "errata",
      problems: [{ file, ...wrong.place, path: "version", text: wrong.text }]
    })
  }
  return hooksOf(file, lines)
})

/** Whether a text has the section; its version is not looked at. */
export const hasHooksSection = (text: string): boolean => text.split("\n").some(isHooksHeader)

const versionProblem = (lines: ReadonlyArray<string>): { readonly place: Place; readonly text: string } | undefined => {
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("## ")) break
    const pair = pairIn(line)
    if (pair?.key !== "version") continue
    const place = { line: index + 1, column: pair.column }
    if (!/^[+-]?\d+$/.test(pair.value))
      return { place, text: `recipe version must be an integer, got ${JSON.stringify(pair.value)}` }
    const version = Number(pair.value)
    if (version < 1) return { place, text: `recipe version must be >= 1, got ${version}` }
    return version === 1 ? undefined : { place, text: `recipe version ${version} not supported (max supported: 1)` }
  }
  const text = `recipe missing required version field (add "version: 1" before the first section)`
  return { place: { line: 1, column: 1 }, text }
}

/** A second section replaces the first. */
const hooksOf = (file: string, lines: ReadonlyArray<string>): Recipe => {
  let hooks: Array<Block> = []
  let stray: Array<{ readonly line: number; readonly key: string }> = []
  let repeated: Array<Recipe["repeated"][number]> = []
  let inside = false
  for (const [index, line] of lines.entries()) {
    const number = index + 1
    if (line.startsWith("## ")) {
      inside = isHooksHeader(line)
      if (inside) [hooks, stray, repeated] = [[], [], []]
    } else if (inside && line.startsWith("### ")) {
      hooks.push({
        values: { name: line.slice(4).trim() },
        places: new Map([["name", { line: number, column: 5 }]]),
        keyPlaces: new Map([["name", { line: number, column: 5 }]]),
        line: number
      })
    } else if (inside) {
      const pair = pairIn(line)
      if (pair === undefined) continue
      const hook = hooks.at(-1)
      if (hook === undefined) {
        stray.push({ line: number, key: pair.key })
      } else if (pair.key !== "name") {
        Object.defineProperty(hook.values, pair.key, {
          value: pair.value,
          enumerable: true,
          configurable: true,
          writable: true
        })
        const place = { line: number, column: pair.keyColumn }
        const first = hook.keyPlaces.get(pair.key)
        if (first !== undefined) repeated.push({ place, first, key: pair.key })
        hook.places.set(pair.key, { line: number, column: pair.column })
        hook.keyPlaces.set(pair.key, place)
      }
    }
  }
  return {
    file,
    value: { hooks: hooks.map(({ values }) => values) },
    place: placeIn(hooks, "places"),
    keyPlace: placeIn(hooks, "keyPlaces"),
    stray,
    repeated
  }
}

interface Block {
  readonly values: Record<string, string>
  readonly places: Map<string, Place>
  readonly keyPlaces: Map<string, Place>
  readonly line: number
}

const placeIn =
  (hooks: ReadonlyArray<Block>, of: "places" | "keyPlaces") =>
  (path: ConfigPath): Place => {
    const hook = hooks[path[1] as number]
    if (hook === undefined) return { line: 1, column: 1 }
    return hook[of].get(String(path[2])) ?? { line: hook.line, column: 1 }
  }

const isHooksHeader = (line: string) => line.startsWith("## ") && line.slice(3).trim().toLowerCase() === "hooks"

/** `key: value`, or `- key: value`; split at the first colon. The key in lower case. */
const pairIn = (
  line: string
):
  | { readonly key: string; readonly value: string; readonly column: number; readonly keyColumn: number }
  | undefined => {
  const colon = line.indexOf(":")
  if (colon < 0) return undefined
  const written = line.slice(0, colon).trimStart().replace(/^- /, "").trimStart()
  const key = written.trim().toLowerCase()
  const rest = line.slice(colon + 1)
  const value = rest.trim()
  return key === ""
    ? undefined
    : {
        key,
        value,
        column: colon + 2 + (value === "" ? 0 : rest.indexOf(value)),
        keyColumn: colon - written.length + 1
      }
}
