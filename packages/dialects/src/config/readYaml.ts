/** Reads YAML 1.2 with the merge keys (`<<`) of YAML 1.1. Says in plain words where a text is none. */
import { duplicateKeyText } from "@tenterhook/core"
import * as Yaml from "yaml"
import type { ConfigPath } from "./Document.ts"
import { type Fault, linesOf, setKey, type SourceText, type Spot, type Spots } from "./SourceText.ts"
import { yamlMessage } from "./yamlMessage.ts"

/** `tags` are local tags that mean something to the product and nothing to us, e.g. `!reset` of Compose. */
export const readYaml = (
  text: string,
  maxDepth: number,
  tags: ReadonlyArray<string>
): SourceText | ReadonlyArray<Fault> => {
  const deep = tooDeepAt(text, maxDepth)
  if (deep !== undefined) return [{ offset: deep, path: [], text: `nested deeper than ${maxDepth} levels` }]
  const document = Yaml.parseDocument(text, {
    schema: "core",
    prettyErrors: false,
    // Checked below, in linear time and with both places.
    uniqueKeys: false,
    logLevel: "error"
  })
  const strange = document.warnings.filter(({ message }) => !tags.some((tag) => message.endsWith(`: ${tag}`)))
  const [error] = [...document.errors, ...strange]
  if (error !== undefined) {
    const { offset, text: said } = yamlMessage(text, document, error)
    return [{ offset, path: [], text: `not valid YAML: ${said}` }]
  }
  return valueOf(document, text)
}

const valueOf = (document: Yaml.Document.Parsed, text: string): SourceText | ReadonlyArray<Fault> => {
  const spots: Spots = new WeakMap()
  const faults: Array<Fault> = []
  const anchors = new Map<string, Anchor>()
  const position = linesOf(text)
  /** How many values there are once each alias is replaced by what it names, beyond those that are written. */
  let copied = 0
  let size = 0

  const fault = (node: unknown, path: ConfigPath, said: string): undefined => {
    faults.push({ offset: startOf(node), path, text: said })
    return undefined
  }

  const convert = (node: unknown, path: ConfigPath): unknown => {
    if (Yaml.isAlias(node)) return aliased(node, path)
    size++
    if (!Yaml.isNode(node)) return null
    const anchor: Anchor | undefined = node.anchor === undefined ? undefined : { size: -1, value: undefined }
    if (anchor !== undefined) anchors.set(node.anchor!, anchor)
    const before = size
    const value = Yaml.isMap(node) ? mapOf(node, path) : Yaml.isSeq(node) ? listOf(node, path) : scalarOf(node)
    if (anchor !== undefined) Object.assign(anchor, { size: size - before + 1, value })
    return value
  }

  const listOf = (node: Yaml.YAMLSeq, path: ConfigPath): unknown => {
    const list = node.items.map((item, index) => convert(item, [...path, index]))
    const places = node.items.map((item, index): [number, Spot] => {
      const at = startOf(item, startOf(node))
      return [index, { key: at, value: at }]
    })
    spots.set(list, new Map(places))
    return list
  }

  const mapOf = (node: Yaml.YAMLMap, path: ConfigPath): unknown => {
    const record: Record<string, unknown> = {}
    const places = new Map<string, Spot>()
    const merges: Array<Yaml.Pair> = []
    for (const pair of node.items) {
      const key = keyOf(pair, path)
      if (key === undefined) continue
      const at = startOf(pair.key, startOf(node))
      const earlier = places.get(key)
      if (earlier !== undefined) {
        fault(pair.key, [...path, key], duplicateKeyText(key, position(earlier.key)))
        continue
      }
      places.set(key, { key: at, value: startOf(pair.value, at) })
      if (isMergeKey(pair.key)) merges.push(pair)
      else setKey(record, key, convert(pair.value, [...path, key]))
    }
    for (const pair of merges) {
      places.delete("<<")
      merge(pair.value, record, places, [...path, "<<"])
    }
    spots.set(record, places)
    return record
  }

  /** Keys that stand in the map itself win, then those of the first source that has them. Source: YAML 1.1, merge key. */
  const merge = (from: unknown, into: Record<string, unknown>, places: Map<string, Spot>, path: ConfigPath) => {
    const value = convert(from, path)
    const sources = Array.isArray(value) ? value : [value]
    for (const [index, source] of sources.entries()) {
      if (!isRecord(source)) {
        const item = Array.isArray(value) && Yaml.isSeq(from) ? from.items[index] : from
        fault(item, path, `<< merges a map, or a list of maps, e.g. <<: *name; got ${nameOf(source)}`)
        continue
      }
      for (const [key, spot] of spots.get(source) ?? []) {
        if (Object.hasOwn(into, key)) continue
        places.set(String(key), spot)
        setKey(into, String(key), source[key])
      }
    }
  }

  const aliased = (node: Yaml.Alias, path: ConfigPath): unknown => {
    const anchor = anchors.get(node.source)
    if (anchor === undefined) return fault(node, path, `no anchor &${node.source} stands before this alias`)
    if (anchor.size < 0) return fault(node, path, `the alias *${node.source} stands inside of what it names`)
    size += anchor.size
    copied += anchor.size
    if (copied <= maxCopied) return anchor.value
    if (!faults.some(({ text }) => text === tooManyCopies)) fault(node, path, tooManyCopies)
    return null
  }

  const keyOf = (pair: Yaml.Pair, path: ConfigPath): string | undefined => {
    const key = Yaml.isAlias(pair.key)
      ? aliased(pair.key, path)
      : Yaml.isScalar(pair.key)
        ? scalarOf(pair.key)
        : pair.key
    if (Yaml.isScalar(pair.key) && pair.key.anchor !== undefined) anchors.set(pair.key.anchor, { size: 1, value: key })
    if (key === null) return fault(pair.key, path, "expected a key in front of the colon")
    if (typeof key !== "object") return key === undefined ? undefined : String(key)
    return fault(pair.key, path, "expected a text as key; a text that begins with { or [ needs quotes")
  }

  const value = convert(document.contents, [])
  if (faults.length > 0) return faults.toSorted((a, b) => a.offset - b.offset)
  return { value, start: startOf(document.contents), spots }
}

interface Anchor {
  /** How many values it holds, aliases counted as what they name; -1 while it is being read. */
  readonly size: number
  readonly value: unknown
}

const maxCopied = 100_000
const tooManyCopies = `the aliases (*) stand for more than ${maxCopied} values`

/** A plain `<<`; in quotes it is a key like any other. */
const isMergeKey = (key: unknown): boolean =>
  Yaml.isScalar(key) && key.value === "<<" && key.type === Yaml.Scalar.PLAIN && key.tag !== "tag:yaml.org,2002:str"

const scalarOf = (node: unknown): unknown => (Yaml.isScalar(node) ? node.value : null)

const startOf = (node: unknown, otherwise = 0): number => (Yaml.isNode(node) && node.range ? node.range[0] : otherwise)

const nameOf = (value: unknown): string =>
  value === undefined || value === null ? "nothing" : Array.isArray(value) ? "a list" : JSON.stringify(value)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Where nesting goes too deep for a parser that calls itself; undefined where it does not. */
const tooDeepAt = (text: string, maxDepth: number): number | undefined => {
  const parser = new Yaml.Parser()
  for (const lexeme of new Yaml.Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) continue
    if (parser.stack.length > maxDepth) return Math.min(parser.offset, text.length)
  }
  return undefined
}
