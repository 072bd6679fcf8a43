/** Finds JSON objects in a text, wherever they stand. One pass: time and memory are linear in the text. */
import { isOurKey, isRefusal, weightOf } from "./Word.ts"

/** An object with keys that is no part of another one that was found. */
export interface ObjectPlace {
  readonly start: number
  /** The offset behind its `}`. */
  readonly end: number
  /** Whether a key or a value in it may decide something, at any depth. If not, nobody needs to parse it. */
  readonly mayDecide: boolean
}

export interface ObjectPlaces {
  readonly objects: ReadonlyArray<ObjectPlace>
  /** Where an object begins that the end of the text cuts off. */
  readonly cutOff: number | undefined
}

export const objectsIn = (text: string): ObjectPlaces => {
  const objects: Array<ObjectPlace> = []
  let cutOff: number | undefined
  let start = text.indexOf("{")
  while (start !== -1) {
    const end = readObject(text, start, objects)
    if (end === cut) {
      cutOff = start
      break
    }
    // No object begins before the place that did not fit, except inside what was taken for a string.
    start = text.indexOf("{", end < 0 ? Math.max(start + 1, -end) : end)
  }
  return { objects, cutOff }
}

/** The text ended inside the object. Every other negative number is the offset of a character that does not fit, times -1. */
const cut = Number.NEGATIVE_INFINITY

/** What may come next. */
const Next = { Value: 0, ValueOrEnd: 1, KeyOrEnd: 2, Key: 3, Colon: 4, CommaOrEnd: 5 } as const
type Next = (typeof Next)[keyof typeof Next]

/** Reads the object at `start` as `JSON.parse` would, and adds it to `objects`: in the place of those that it holds. */
const readObject = (text: string, start: number, objects: Array<ObjectPlace>): number => {
  const starts = [start]
  const mayDecide = [false]
  let next: Next = Next.KeyOrEnd
  let at = start + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === space || code === lineFeed || code === tab || code === carriageReturn) {
      at++
      continue
    }
    switch (code) {
      case quote: {
        const isKey: boolean = next === Next.KeyOrEnd || next === Next.Key
        if (!isKey && next !== Next.Value && next !== Next.ValueOrEnd) return -at
        const end = endOfString(text, at)
        if (end < 0) return end
        if (!mayDecide[mayDecide.length - 1] && isWeighty(text, at, end, isKey)) mayDecide[mayDecide.length - 1] = true
        next = isKey ? Next.Colon : Next.CommaOrEnd
        at = end
        break
      }
      case openBrace:
      case openBracket:
        if (next !== Next.Value && next !== Next.ValueOrEnd) return -at
        // A list is kept as a negative start.
        starts.push(code === openBrace ? at : -at)
        mayDecide.push(false)
        next = code === openBrace ? Next.KeyOrEnd : Next.ValueOrEnd
        at++
        break
      case closeBrace:
      case closeBracket: {
        const opened = starts[starts.length - 1]!
        const isObject = opened >= 0
        const mayEnd = next === Next.CommaOrEnd || next === (isObject ? Next.KeyOrEnd : Next.ValueOrEnd)
        if (!mayEnd || isObject !== (code === closeBrace)) return -at
        starts.pop()
        const weighty = mayDecide.pop()!
        at++
        if (isObject) {
          while (objects.length > 0 && objects[objects.length - 1]!.start > opened) objects.pop()
          if (next !== Next.KeyOrEnd) objects.push({ start: opened, end: at, mayDecide: weighty })
        }
        if (starts.length === 0) return at
        if (weighty) mayDecide[mayDecide.length - 1] = true
        next = Next.CommaOrEnd
        break
      }
      case colon:
        if (next !== Next.Colon) return -at
        next = Next.Value
        at++
        break
      case comma:
        if (next !== Next.CommaOrEnd) return -at
        next = starts[starts.length - 1]! >= 0 ? Next.Key : Next.Value
        at++
        break
      default: {
        if (next !== Next.Value && next !== Next.ValueOrEnd) return -at
        scalar.lastIndex = at
        if (!scalar.test(text)) return isCutScalar(text, at) ? cut : -at
        at = scalar.lastIndex
        next = Next.CommaOrEnd
      }
    }
  }
  return cut
}

/** The offset behind the closing quote; negative where a character does not fit, or the text ends. */
const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code < space) return -at
    if (code !== backslash) continue
    escape.lastIndex = at
    if (!escape.test(text)) return text.length - at < 6 && /^\\(?:u[0-9a-fA-F]{0,3})?$/.test(text.slice(at)) ? cut : -at
    at = escape.lastIndex - 1
  }
  return cut
}

/** A key of weight or of ours, a word that means no, or a text that may hold an object itself. */
const isWeighty = (text: string, start: number, end: number, isKey: boolean): boolean => {
  const length = end - start - 2
  if (length > longestWord) return mayHoldObject(text.slice(start + 1, end - 1))
  const raw = text.slice(start + 1, end - 1)
  const word = raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw
  return (isKey ? weightOf(word) !== undefined || isOurKey(word) : isRefusal(word)) || mayHoldObject(raw)
}

const mayHoldObject = (raw: string) => raw.includes("{") || /\\u007b/i.test(raw)

const isCutScalar = (text: string, at: number) =>
  text.length - at < 6 && /^(?:-|t|tr|tru|f|fa|fal|fals|n|nu|nul)$/.test(text.slice(at))

/** A word of 64 characters, each of them escaped. */
const longestWord = 6 * 64
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

const tab = 9
const lineFeed = 10
const carriageReturn = 13
const space = 32
const quote = 34
const comma = 44
const colon = 58
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
