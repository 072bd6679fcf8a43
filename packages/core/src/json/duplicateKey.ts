/** Finds a key that stands twice in one object. `JSON.parse` keeps the last of them and reports nothing. */

export interface DuplicateKey {
  readonly key: string
  /** Of the object's key, e.g. `hooks[0].run`. */
  readonly path: string
  /** Lines and columns count from 1. */
  readonly first: TextPlace
  readonly second: TextPlace
}

export interface TextPlace {
  readonly line: number
  readonly column: number
}

/**
 * The first duplicate of a text that `JSON.parse` accepts; of other texts the result means nothing. Escaped spellings of
 * a key are the same key. Linear in the text.
 */
export const duplicateKey = (json: string): DuplicateKey | undefined => {
  const open: Array<Container> = []
  let at = 0
  while (at < json.length) {
    const code = json.charCodeAt(at)
    const container = open.at(-1)
    if (code === quote) {
      const end = endOfText(json, at)
      if (container !== undefined && container.awaitsKey) {
        const key = textBetween(json, at, end)
        const first = container.keys!.get(key)
        container.at = key
        container.awaitsKey = false
        if (first !== undefined)
          return { key, path: pathOf(open), first: placeAt(json, first), second: placeAt(json, at) }
        container.keys!.set(key, at)
      }
      at = end
      continue
    }
    if (code === openBrace) open.push({ keys: new Map(), at: "", awaitsKey: true })
    else if (code === openBracket) open.push({ keys: null, at: 0, awaitsKey: false })
    else if (code === closeBrace || code === closeBracket) open.pop()
    else if (code === comma && container !== undefined) {
      if (typeof container.at === "number") container.at++
      else container.awaitsKey = true
    }
    at++
  }
  return undefined
}

/** `duplicate key "hooks": it stands at 2:3 already; keep one of them` */
export const duplicateKeyText = (key: string, first: TextPlace): string =>
  `duplicate key ${JSON.stringify(key)}: it stands at ${first.line}:${first.column} already; keep one of them`

/** An object or a list whose end has not come yet. */
interface Container {
  /** Keys with their offsets; null for a list. */
  readonly keys: Map<string, number> | null
  /** The key or index that is being read. */
  at: string | number
  awaitsKey: boolean
}

const endOfText = (json: string, start: number): number => {
  for (let at = start + 1; ; at++) {
    const code = json.charCodeAt(at)
    if (code === backslash) at++
    else if (code === quote || at >= json.length) return at + 1
  }
}

const textBetween = (json: string, start: number, end: number): string => {
  const raw = json.slice(start, end)
  if (!raw.includes("\\")) return raw.slice(1, -1)
  try {
    return JSON.parse(raw)
  } catch {
    return raw
  }
}

const pathOf = (open: ReadonlyArray<Container>): string =>
  open.reduce((path, { at }) => {
    if (typeof at === "number") return `${path}[${at}]`
    return path === "" ? at : `${path}.${at}`
  }, "")

const placeAt = (text: string, offset: number): TextPlace => {
  const before = text.slice(0, offset)
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") }
}

const quote = 34
const comma = 44
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
