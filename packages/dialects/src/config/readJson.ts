/** Reads JSON. Says in plain words where a text is none, and refuses a key that stands twice in one object. */
import { duplicateKeyText } from "@tenterhook/core"
import * as Jsonc from "jsonc-parser"
import type { ConfigPath } from "./Document.ts"
import { type Fault, linesOf, setKey, type SourceText, type Spot, type Spots } from "./SourceText.ts"

/** With `comments`, as in a `.jsonc` file, comments and trailing commas are allowed. */
export const readJson = (text: string, maxDepth: number, comments: boolean): SourceText | ReadonlyArray<Fault> => {
  const opened = openings(text, maxDepth)
  if (opened.tooDeep !== undefined) {
    return [{ offset: opened.tooDeep, path: [], text: `nested deeper than ${maxDepth} levels` }]
  }
  const errors: Array<Jsonc.ParseError> = []
  const root = Jsonc.parseTree(text, errors, {
    disallowComments: !comments,
    allowTrailingComma: comments,
    allowEmptyContent: false
  })
  const [first] = errors
  if (first !== undefined) return [faultOf(text, first, opened.unclosed)]
  if (root === undefined) return [{ offset: 0, path: [], text: "expected a JSON value" }]
  return valueOf(root, text)
}

const valueOf = (root: Jsonc.Node, text: string): SourceText | ReadonlyArray<Fault> => {
  const spots: Spots = new WeakMap()
  const faults: Array<Fault> = []
  const position = linesOf(text)

  const convert = (node: Jsonc.Node, path: ConfigPath): unknown => {
    if (node.type === "array") {
      const children = node.children ?? []
      const list = children.map((child, index) => convert(child, [...path, index]))
      spots.set(list, new Map(children.map(({ offset }, index) => [index, { key: offset, value: offset }])))
      return list
    }
    if (node.type !== "object") return node.value
    const record: Record<string, unknown> = {}
    const places = new Map<string, Spot>()
    for (const { children } of node.children ?? []) {
      const [keyNode, valueNode] = children as [Jsonc.Node, Jsonc.Node]
      const key = keyNode.value as string
      const earlier = places.get(key)
      if (earlier !== undefined) {
        const text = duplicateKeyText(key, position(earlier.key))
        faults.push({ offset: keyNode.offset, path: [...path, key], text })
        continue
      }
      places.set(key, { key: keyNode.offset, value: valueNode.offset })
      setKey(record, key, convert(valueNode, [...path, key]))
    }
    spots.set(record, places)
    return record
  }

  const value = convert(root, [])
  return faults.length > 0 ? faults : { value, start: root.offset, spots }
}

/** Where nesting goes too deep for a parser that calls itself, and the bracket that is never closed. */
const openings = (text: string, maxDepth: number): { readonly tooDeep?: number; readonly unclosed?: number } => {
  const scanner = Jsonc.createScanner(text, true)
  const open: Array<number> = []
  for (;;) {
    scanner.scan()
    if (scanner.getTokenLength() === 0) break
    const first = text[scanner.getTokenOffset()]
    if (first === "{" || first === "[") open.push(scanner.getTokenOffset())
    else if (first === "}" || first === "]") open.pop()
    if (open.length > maxDepth) return { tooDeep: scanner.getTokenOffset() }
  }
  return open.length === 0 ? {} : { unclosed: open.at(-1)! }
}

const faultOf = (text: string, error: Jsonc.ParseError, unclosed: number | undefined): Fault => {
  const fault = (offset: number, said: string): Fault => ({ offset, path: [], text: `not valid JSON: ${said}` })
  const code = Jsonc.printParseErrorCode(error.error)
  const { offset } = error
  const isAtEnd = text.slice(offset).trim() === ""
  if (isAtEnd && unclosed !== undefined && code !== "UnexpectedEndOfString" && code !== "UnexpectedEndOfComment") {
    const closing = text[unclosed] === "{" ? "}" : "]"
    return fault(unclosed, `the ${text[unclosed]} that opens here is not closed; add the missing ${closing}`)
  }
  const found = tokenAt(text, offset)
  const before = text.slice(0, offset).trimEnd().at(-1)
  if ((found === "}" || found === "]") && before === ",") {
    return fault(offset, `a comma stands before this ${found}; remove the comma`)
  }
  if (/^[#'\u2018\u201C]/.test(found)) {
    return fault(offset, found[0] === "#" ? noComments : `a text needs plain double quotes, got ${found}`)
  }
  if (code === "EndOfFileExpected" || isValue(text.slice(0, offset))) {
    return fault(offset, `the JSON value has ended, and ${found} stands behind it; remove the rest`)
  }
  const isWord = code === "InvalidSymbol" && /^[\p{L}_]/u.test(found)
  if (isWord && /^\s*:/.test(text.slice(offset + found.length, offset + found.length + 40))) {
    return fault(offset, `a key needs double quotes, got ${found}`)
  }
  return fault(offset, isWord ? unknownWord(found) : (messages[code] ?? defaultMessage)(found))
}

const isValue = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const unknownWord = (found: string) =>
  /^(?:true|false|null)$/i.test(found)
    ? `write ${found.toLowerCase()} in lower case`
    : `a text needs double quotes, got ${found}`

const noComments = "JSON has no comments; remove it, or write the config as YAML, where # begins one"
const defaultMessage = (found: string) => `${found} cannot stand here`

const messages: Readonly<Record<string, (found: string) => string>> = {
  InvalidNumberFormat: (found) => `${found} is not a number as JSON writes it`,
  PropertyNameExpected: (found) => `expected a key in double quotes, got ${found}`,
  ValueExpected: (found) => `expected a value, got ${found}`,
  ColonExpected: (found) => `expected a colon behind the key, got ${found}`,
  CommaExpected: (found) => `expected a comma between two values, got ${found}`,
  CloseBraceExpected: (found) => `expected a comma or }, got ${found}`,
  CloseBracketExpected: (found) => `expected a comma or ], got ${found}`,
  InvalidCommentToken: () => noComments,
  UnexpectedEndOfComment: () => "the comment that begins here is not closed",
  UnexpectedEndOfString: () => `the text that begins here is not closed; add the missing " on the same line`,
  UnexpectedEndOfNumber: (found) => `${found} is not a number as JSON writes it`,
  InvalidUnicode: () => "\\u needs four hexadecimal digits",
  InvalidEscapeCharacter: () => "unknown escape in this text; a backslash is written \\\\",
  InvalidCharacter: () => "a control character in this text; write \\n for a line break and \\t for a tab"
}

/** What stands at an offset, as a message shows it. */
const tokenAt = (text: string, offset: number): string => {
  const rest = text.slice(offset, offset + 40)
  if (rest.trim() === "") return "the end of the file"
  return /^(?:[\p{L}\p{N}_.+-]+|\S)/u.exec(rest.trimStart())![0]
}
