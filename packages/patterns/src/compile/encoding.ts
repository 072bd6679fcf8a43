/**
 * The engine matches code points, and only \n ends a line in it. So a text is encoded before it is matched, where it
 * holds something that JavaScript treats otherwise, and sets of characters are written for that encoding:
 *
 * - without the flags u and v, a surrogate is a character of its own. Each becomes one code point at the end of plane 16,
 *   which is free, because such a text has no code points beyond U+FFFF;
 * - with the flag m, \r, U+2028 and U+2029 end lines as well. Each line end becomes `\n` + letter + `\n`;
 * - with the flags i and u, U+017F and U+212A are word characters. They become s and k, which match the same.
 */
import { type CharSet, difference, intersection, lineTerminators, maxCodePoint, single, union } from "./CharSet.ts"

/** A set, for texts of code points, or of code units. */
export const writeSet = (set: CharSet, unicode: boolean): string => {
  if (unicode) return write(set)
  const encoded = union(difference(set, surrogates), shifted(intersection(set, surrogates), surrogateShift))
  const wider = union(encoded, unused)
  return write(wider.length < encoded.length ? wider : encoded)
}

/** A set, for texts whose line ends are encoded. */
export const writeInLines = (set: CharSet, unicode: boolean): string => {
  const others = writeSet(difference(set, lineTerminators), unicode)
  const ends = lineEnds.filter(({ end }) => intersection(set, single(end.codePointAt(0)!)).length > 0)
  return ends.length === 0 ? others : `(?:${others}|\\n[${ends.map(({ letter }) => letter).join("")}]\\n)`
}

/** A match begins at any character of an encoded text, and never inside of a line end. */
export const linesPrefix = "\\A(?:[^\\n]|\\n[a-z]\\n)*"

export const needsLines = (text: string): boolean => /[\r\u2028\u2029]/.test(text)

export const encodeLines = (text: string): string =>
  lineEnds.reduce((encoded, { end, letter }) => encoded.replaceAll(end, `\n${letter}\n`), text)

/** Every surrogate as a code point of its own, also those that make a pair. */
export const encodeCodeUnits = (text: string): string => {
  if (!/[\uD800-\uDFFF]/.test(text)) return text
  const units = new Uint16Array(text.length * 2)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if ((unit & 0xf800) === 0xd800) {
      units[length++] = highSurrogate | ((unit >> 10) & 1)
      units[length++] = lowSurrogate | (unit & 0x3ff)
    } else {
      units[length++] = unit
    }
  }
  return utf16.decode(units.subarray(0, length))
}

export const encodeWords = (text: string): string => text.replaceAll("\u017F", "s").replaceAll("\u212A", "k")

/** \n comes first: the others are replaced by texts that hold it. */
const lineEnds = [
  { end: "\n", letter: "n" },
  { end: "\r", letter: "r" },
  { end: "\u2028", letter: "l" },
  { end: "\u2029", letter: "p" }
]

const surrogates = single(0xd800, 0xdfff)
/** U+D800 becomes U+10F800, which is the pair DBFE DC00. */
const surrogateShift = 0x10f800 - 0xd800
const highSurrogate = 0xdbfe
const lowSurrogate = 0xdc00
/** What no encoded text of code units holds. */
const unused: CharSet = [
  [0xd800, 0xdfff],
  [0x10000, 0x10f7ff]
]

const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true })

const shifted = (set: CharSet, by: number): CharSet => set.map(([first, last]) => [first + by, last + by])

const write = (set: CharSet): string => {
  const [range, second] = set
  if (range === undefined) return "[^\\x00-\\x{10FFFF}]"
  const [first, last] = range
  if (second === undefined && first === 0 && last === maxCodePoint) return "(?s:.)"
  if (second === undefined && first === last) return character(first)
  return `[${set.map(([low, high]) => (low === high ? character(low) : `${character(low)}-${character(high)}`)).join("")}]`
}

const character = (code: number): string => {
  const text = String.fromCodePoint(code)
  return /^[A-Za-z0-9]$/.test(text) ? text : `\\x{${code.toString(16)}}`
}
