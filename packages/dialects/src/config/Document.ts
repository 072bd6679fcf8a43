/** A config's text as a value whose every part knows its line and column. JSON and YAML alike. */
import { ConfigError, type ConfigProblem, type ConfigSource, type LoadNotice } from "@tenterhook/core"
import { Effect, Exit } from "effect"
import { nearest } from "./nearest.ts"
import { readJson } from "./readJson.ts"
import { readYaml } from "./readYaml.ts"
import { type Fault, linesOf, type SourceText, spotOf } from "./SourceText.ts"

/** Keys and indexes from the root. */
export type ConfigPath = ReadonlyArray<string | number>

export interface Document {
  /** As its owner named it; null where it was given in code. */
  readonly file: string | null
  readonly value: unknown
  /** The place of a value; of the nearest one above it where it is absent; nulls where there is no text. */
  readonly place: (path: ConfigPath) => Place
  /** The place of a key; of a list's element that of the element. */
  readonly keyPlace: (path: ConfigPath) => Place
}

export interface Place {
  readonly line: number | null
  readonly column: number | null
}

export interface Reading {
  /** Local YAML tags that the product gives a meaning and this reader ignores. */
  readonly tags?: ReadonlyArray<string>
}

/**
 * Reads a source as JSON (a `.json` or `.jsonc` file) or YAML. Fails with the place where the syntax broke, and for a
 * key that stands twice in one map with both places.
 */
export const readDocument = (
  dialect: string,
  source: ConfigSource,
  { tags = [] }: Reading = {}
): Effect.Effect<Document, ConfigError> => {
  if (source._tag === "environment") return Effect.succeed(valueDocument(undefined))
  if (source._tag === "value") return Effect.succeed(valueDocument(source.value))
  const { file } = source
  const read = tags.length === 0 ? readOnce(source) : readText(source, tags)
  const position = linesOf(read.text)
  if (!("spots" in read)) {
    const problems = read.faults
      .slice(0, shownFaults)
      .map(({ offset, path, text }) => ({ file, ...position(offset), path: formatPath(path), text }))
    return Effect.fail(new ConfigError({ dialect, problems }))
  }
  return Effect.succeed({
    file,
    value: read.value,
    place: (path) => position(spotOf(read, path).value),
    keyPlace: (path) => position(spotOf(read, path).key)
  })
}

/** A source's value for a first look; undefined where it cannot be read. */
export const peek = (source: ConfigSource): unknown => {
  const read = Effect.runSyncExit(readDocument("", source))
  return Exit.isSuccess(read) ? read.value.value : undefined
}

/** Fails with the place where a text is neither JSON nor YAML; for a config that no dialect recognizes. */
export const checkSyntax = (source: ConfigSource): Effect.Effect<void, ConfigError> =>
  Effect.asVoid(readDocument("unknown", source))

/** A document for a value that was given in code. */
export const valueDocument = (value: unknown): Document => ({
  file: null,
  value,
  place: () => nowhere,
  keyPlace: () => nowhere
})

const nowhere: Place = { line: null, column: null }

/** One problem at a path, for a `ConfigError`. */
export const problemAt = (document: Document, path: ConfigPath, text: string): ConfigProblem => ({
  file: document.file,
  ...document.place(path),
  path: formatPath(path),
  text
})

/** One problem with a key: it is placed at the key, not at its value. */
export const keyProblemAt = (document: Document, path: ConfigPath, text: string): ConfigProblem => ({
  ...problemAt(document, path, text),
  ...document.keyPlace(path)
})

export const noticeAt = (document: Document, path: ConfigPath, text: string): LoadNotice => ({
  file: document.file,
  ...document.place(path),
  text: path.length === 0 ? text : `${formatPath(path)}: ${text}`
})

/** One notice about a key, placed at the key. */
export const keyNoticeAt = (document: Document, path: ConfigPath, text: string): LoadNotice => ({
  ...noticeAt(document, path, text),
  ...document.keyPlace(path)
})

/** A notice for each key that is not known there, with the nearest one that is. */
export const unknownKeys = (document: Document, path: ConfigPath, value: unknown, known: ReadonlyArray<string>) =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? []
    : Object.keys(value)
        .filter((key) => !known.includes(key))
        .map((key) => keyNoticeAt(document, [...path, key], unknownText("key", key, known)))

/** `unknown event "pre_tool"; did you mean "pre_tool_use"?` */
export const unknownText = (what: string, word: string, known: ReadonlyArray<string>): string => {
  const near = nearest(word, known)
  return near === undefined
    ? `unknown ${what} "${word}"; known are ${known.join(", ")}`
    : `unknown ${what} "${word}"; did you mean "${near}"?`
}

/** `hooks[2].timeout` */
export const formatPath = (path: ConfigPath): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    ""
  )

/** A value as a message shows it: short, and never an object's whole text. */
export const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const text = typeof value === "function" ? "a function" : textOf(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A value given in code may be one that JSON has no text for. */
const textOf = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === "object" ? "an object" : String(value)
  }
}

type TextSource = Extract<ConfigSource, { readonly _tag: "text" }>
type ReadText = { readonly text: string } & (SourceText | { readonly faults: ReadonlyArray<Fault> })

/** Recognition looks at a source with several dialects, and loading looks again. */
const readOnce = (source: TextSource): ReadText => {
  let read = remembered.get(source)
  if (read === undefined) remembered.set(source, (read = readText(source, [])))
  return read
}

const remembered = new WeakMap<TextSource, ReadText>()

const readText = ({ file, text: given }: TextSource, tags: ReadonlyArray<string>): ReadText => {
  const text = given.replace(/^\uFEFF/, "")
  const fault = (offset: number, said: string) => ({ text, faults: [{ offset, path: [], text: said }] })
  if (text.includes("\0")) return fault(text.indexOf("\0"), notText)
  const isJson = /\.jsonc?$/i.test(file)
  if (blank.test(text)) return fault(0, isJson ? "not valid JSON: the file is empty" : "the file is empty")
  const read = isJson ? readJson(text, maxDepth, /c$/i.test(file)) : readYaml(text, maxDepth, tags)
  return "spots" in read ? { text, ...read } : { text, faults: read }
}

const maxDepth = 100
const shownFaults = 50

/** White space and comments of YAML; a file that says no more was cut off or forgotten. */
const blank = /^(?:\s|#[^\n]*(?:\n|$))*$/
const notText = "a NUL character: the file is not UTF-8 text, but perhaps UTF-16; save it as UTF-8"
