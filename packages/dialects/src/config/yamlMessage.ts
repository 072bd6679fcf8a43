/** What is wrong with a text that is no YAML, in plain words, and where it begins. */
import * as Yaml from "yaml"

export const yamlMessage = (
  text: string,
  document: Yaml.Document.Parsed,
  error: Yaml.YAMLError
): { readonly offset: number; readonly text: string } => {
  const [offset] = error.pos
  const { message } = error
  const at = (said: string, from = offset) => ({ offset: from, text: said })
  if (/^Missing closing .quote/.test(message)) {
    const start = openedBefore(document, offset, isQuoted)
    const quote = text[start] === "'" ? "'" : '"'
    return at(`the text that begins here is not closed; add the missing ${quote}`, start)
  }
  const open = openedBefore(document, offset, isFlow)
  const isUnclosed = /must be sufficiently indented and end with|^Expected flow (?:map|sequence) to end with/.test(
    message
  )
  if (isUnclosed && (text[open] === "{" || text[open] === "[")) {
    const closing = text[open] === "{" ? "}" : "]"
    return at(`the ${text[open]} that opens here is not closed; add the missing ${closing}`, open)
  }
  if (error.code === "BAD_SCALAR_START") return at(`a text cannot begin with ${text[offset]}; put quotes around it`)
  if (error.code === "TAG_RESOLVE_FAILED") {
    return at(`unknown tag ${tagIn(message)}; remove it, or put quotes around the text`)
  }
  const known = sayings.find(([of]) => of.test(`${error.code} ${message}`))
  return at(known === undefined ? lowered(message) : known[1].replace("%", text[offset] ?? ""))
}

/** What the parser's codes and messages come to; `%` is the character at the place. */
const sayings: ReadonlyArray<readonly [of: RegExp, said: string]> = [
  [/^TAB_AS_INDENT/, "a tab indents this line; use spaces"],
  [/^MULTIPLE_DOCS/, "a second document begins here (---); write one config in a file"],
  [/^BAD_DQ_ESCAPE/, "unknown escape in this text; write \\\\ for a backslash, or use single quotes"],
  [
    /^BLOCK_AS_IMPLICIT_KEY Nested/,
    "a second colon in one line, or a line that is indented too far; put quotes around a text with a colon in it"
  ],
  [/^BLOCK_AS_IMPLICIT_KEY/, "a list cannot be a key"],
  [/^MULTILINE_IMPLICIT_KEY/, "this line has no colon; expected key: value"],
  [/^BAD_INDENT .*sequence items/, "the items of a list must begin in the same column"],
  [/^BAD_INDENT .*mapping items/, "the keys of a map must begin in the same column"],
  [/^MISSING_CHAR Implicit map keys need/, "expected a colon and a space behind this key"],
  [
    /at node end$/,
    "this cannot stand behind the value in front of it; put quotes around the whole text, or check the indentation"
  ],
  [/^UNEXPECTED_TOKEN Unexpected block-seq-ind on same line/, "a list must begin on a line of its own below its key"],
  [/^UNEXPECTED_TOKEN Unexpected , in/, "a comma too many"],
  [/flow-(?:map|seq)-end token/, "this % closes nothing; remove it, or put quotes around the text"]
]

/** Where the last value of a kind that begins before an offset, and reaches up to it, begins. */
const openedBefore = (document: Yaml.Document.Parsed, offset: number, is: (node: unknown) => boolean): number => {
  let found = offset
  Yaml.visit(document, {
    Node: (_, node) => {
      const range = node.range
      if (range && range[0] < offset && range[1] >= offset && is(node)) found = range[0]
    }
  })
  return found
}

const isQuoted = (node: unknown) =>
  Yaml.isScalar(node) && (node.type === Yaml.Scalar.QUOTE_DOUBLE || node.type === Yaml.Scalar.QUOTE_SINGLE)
const isFlow = (node: unknown) => Yaml.isCollection(node) && node.flow === true

const tagIn = (message: string) =>
  message.replace(/^Unresolved tag: (?:tag:yaml\.org,2002:)?/, (start) => (start.endsWith(":") ? "!!" : ""))

const lowered = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
