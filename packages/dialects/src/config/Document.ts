/** A config's text as a value whose every part knows its line and column. JSON and YAML alike. */
import { ConfigError, type ConfigProblem, type ConfigSource, type LoadNotice } from "@tenterhook/core"
import { Effect, Exit } from "effect"
import * as Jsonc from "jsonc-parser"
import * as Yaml from "yaml"
import { nearest } from "./nearest.ts"

/** Keys and indexes from the root. */
export type ConfigPath = ReadonlyArray<string | number>

export interface Document {
  /** As its owner named it; null where it was given in code. */
  readonly file: string | null
  readonly value: unknown
  /** The place of a value; of the nearest one above it where it is absent; nulls where there is no text. */
  readonly place: (path: ConfigPath) => Place
}

export interface Place {
  readonly line: number | null
  readonly column: number | null
}

/** Reads a source as JSON (a `.json` file) or YAML. Fails with the place where the syntax broke. */
export const readDocument = (dialect: string, source: ConfigSource): Effect.Effect<Document, ConfigError> => {
  if (source._tag === "environment") return Effect.succeed(valueDocument(undefined))
  if (source._tag === "value") return Effect.succeed(valueDocument(source.value))
  return /\.jsonc?$/i.test(source.file) ? readJson(dialect, source) : readYaml(dialect, source)
}

/** A source's value for a first look; undefined where it cannot be read. */
export const peek = (source: ConfigSource): unknown => {
  const read = Effect.runSyncExit(readDocument("", source))
  return Exit.isSuccess(read) ? read.value.value : undefined
}

/** A document for a value that was given in code. */
export const valueDocument = (value: unknown): Document => ({
  file: null,
  value,
  place: () => ({ line: null, column: null })
})

/** One problem at a path, for a `ConfigError`. */
export const problemAt = (document: Document, path: ConfigPath, text: string): ConfigProblem => ({
  file: document.file,
  ...document.place(path),
  path: formatPath(path),
  text
})

export const noticeAt = (document: Document, path: ConfigPath, text: string): LoadNotice => ({
  file: document.file,
  ...document.place(path),
  text: path.length === 0 ? text : `${formatPath(path)}: ${text}`
})

/** A notice for each key that is not known there, with the nearest one that is. */
export const unknownKeys = (document: Document, path: ConfigPath, value: unknown, known: ReadonlyArray<string>) =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? []
    : Object.keys(value)
        .filter((key) => !known.includes(key))
        .map((key) => noticeAt(document, [...path, key], unknownText("key", key, known)))

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

interface TextSource {
  readonly file: string
  readonly text: string
}

const readJson = (dialect: string, source: TextSource): Effect.Effect<Document, ConfigError> => {
  const text = source.text.startsWith("\uFEFF") ? ` ${source.text.slice(1)}` : source.text
  const deep = deepestJson(text)
  if (deep !== undefined) return syntaxError(dialect, source.file, positionAt(text, deep), tooDeep)
  const errors: Array<Jsonc.ParseError> = []
  const root = Jsonc.parseTree(text, errors, {
    disallowComments: true,
    allowTrailingComma: false,
    allowEmptyContent: false
  })
  const [first] = errors
  if (first !== undefined || root === undefined) {
    const what = first === undefined ? "ValueExpected" : Jsonc.printParseErrorCode(first.error)
    return syntaxError(dialect, source.file, positionAt(text, first?.offset ?? 0), `not valid JSON: ${spaced(what)}`)
  }
  return Effect.succeed({
    file: source.file,
    value: Jsonc.getNodeValue(root),
    place: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const node = Jsonc.findNodeAtLocation(root, path.slice(0, length) as Array<string | number>)
        if (node !== undefined) return positionAt(text, node.offset)
      }
      return { line: 1, column: 1 }
    }
  })
}

const readYaml = (dialect: string, source: TextSource): Effect.Effect<Document, ConfigError> => {
  const lines = new Yaml.LineCounter()
  const position = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const deep = deepestYaml(source.text)
  if (deep !== undefined) return syntaxError(dialect, source.file, positionAt(source.text, deep), tooDeep)
  const parsed = Yaml.parseDocument(source.text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: "error"
  })
  const [first] = parsed.errors
  if (first !== undefined) {
    return syntaxError(dialect, source.file, position(first.pos[0]), `not valid YAML: ${first.message}`)
  }
  let value: unknown
  try {
    value = parsed.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return syntaxError(dialect, source.file, { line: 1, column: 1 }, `not valid YAML: ${(error as Error).message}`)
  }
  return Effect.succeed({
    file: source.file,
    value,
    place: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const node = parsed.getIn(path.slice(0, length), true)
        if (Yaml.isNode(node) && node.range) return position(node.range[0])
      }
      return { line: 1, column: 1 }
    }
  })
}

/** Where nesting goes too deep for parsers that call themselves; undefined where it does not. */
const deepestJson = (text: string): number | undefined => {
  const scanner = Jsonc.createScanner(text, true)
  let depth = 0
  for (;;) {
    scanner.scan()
    if (scanner.getTokenLength() === 0) return undefined
    const first = text[scanner.getTokenOffset()]
    if (first === "{" || first === "[") depth++
    else if (first === "}" || first === "]") depth--
    if (depth > maxDepth) return scanner.getTokenOffset()
  }
}

const deepestYaml = (text: string): number | undefined => {
  const parser = new Yaml.Parser()
  for (const lexeme of new Yaml.Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) continue
    if (parser.stack.length > maxDepth) return Math.min(parser.offset, text.length)
  }
  return undefined
}

const maxDepth = 100
const tooDeep = `nested deeper than ${maxDepth} levels`

const syntaxError = (dialect: string, file: string, place: Place, text: string) =>
  Effect.fail(new ConfigError({ dialect, problems: [{ file, ...place, path: "", text }] }))

const positionAt = (text: string, offset: number): Place => {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf("\n") + 1
  return { line: before.split("\n").length, column: offset - start + 1 }
}

const spaced = (code: string) => code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()
