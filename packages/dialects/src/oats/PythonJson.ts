/**
 * JSON as the hooks of oats know it: read and written as Python's ujson does. Beyond the standard it reads raw control
 * characters in strings, NaN, Infinity, leading zeros and `1.`; a block must not be lost to a pedantic reader.
 */

export type PythonJson =
  | { readonly ok: true; readonly value: unknown; /** What Python calls its type. */ readonly type: string }
  | { readonly ok: false }

/** Exactly one value, with nothing but white space around it. Never throws. */
export const readPythonJson = (text: string): PythonJson => {
  const reader: Reader = { text, at: 0 }
  const value = readValue(reader, 0)
  if (value === broken) return { ok: false }
  skipSpace(reader)
  return reader.at === text.length ? { ok: true, value, type: typeOf(value, text) } : { ok: false }
}

/** Compact, ASCII alone, `/` written as `\/`. Throws where `JSON.stringify` does. */
export const writePythonJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[/\u0080-\uffff]/g, (character) =>
    character === "/" ? "\\/" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

interface Reader {
  readonly text: string
  at: number
}

/** No value can be this. */
const broken = Symbol("broken")

const maxDepth = 1024

const readValue = (reader: Reader, depth: number): unknown => {
  skipSpace(reader)
  const first = reader.text[reader.at]
  switch (first) {
    case "{":
      return depth >= maxDepth ? broken : readObject(reader, depth + 1)
    case "[":
      return depth >= maxDepth ? broken : readArray(reader, depth + 1)
    case '"':
      return readString(reader)
    default:
      for (const [word, value] of words) if (take(reader, word)) return value
      return readNumber(reader)
  }
}

const words: ReadonlyArray<readonly [string, unknown]> = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY]
]

const readObject = (reader: Reader, depth: number): unknown => {
  const object: Record<string, unknown> = {}
  reader.at++
  skipSpace(reader)
  if (take(reader, "}")) return object
  for (;;) {
    skipSpace(reader)
    const key = reader.text[reader.at] === '"' ? readString(reader) : broken
    skipSpace(reader)
    if (typeof key !== "string" || !take(reader, ":")) return broken
    const value = readValue(reader, depth)
    if (value === broken) return broken
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
    skipSpace(reader)
    if (take(reader, "}")) return object
    if (!take(reader, ",")) return broken
  }
}

const readArray = (reader: Reader, depth: number): unknown => {
  const array: Array<unknown> = []
  reader.at++
  skipSpace(reader)
  if (take(reader, "]")) return array
  for (;;) {
    const value = readValue(reader, depth)
    if (value === broken) return broken
    array.push(value)
    skipSpace(reader)
    if (take(reader, "]")) return array
    if (!take(reader, ",")) return broken
  }
}

const readString = (reader: Reader): unknown => {
  const { text } = reader
  let value = ""
  reader.at++
  for (;;) {
    plain.lastIndex = reader.at
    value += plain.exec(text)![0]
    reader.at = plain.lastIndex
    const special = text[reader.at]
    if (special === '"') {
      reader.at++
      return value
    }
    if (special !== "\\") return broken
    const escape = text[reader.at + 1]
    if (escape === "u") {
      const code = text.slice(reader.at + 2, reader.at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(code)) return broken
      value += String.fromCharCode(Number.parseInt(code, 16))
      reader.at += 6
    } else {
      const character = escape === undefined ? undefined : escapes[escape]
      if (character === undefined) return broken
      value += character
      reader.at += 2
    }
  }
}

/** A raw NUL ends ujson's strings; every other character may stand in one. */
const plain = /[^"\\\0]*/y

const escapes: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t"
})

const readNumber = (reader: Reader): unknown => {
  number.lastIndex = reader.at
  const [text, sign, whole, fraction] = number.exec(reader.text) ?? []
  if (text === undefined) return broken
  const digits = whole !== "" || (sign === "-" && fraction !== undefined && fraction !== ".")
  if (!digits && text !== "-") return broken
  reader.at += text.length
  const value = digits ? Number(text) : 0
  return Number.isInteger(value) && fraction === undefined ? value + 0 : value
}

const number = /(-?)(\d*)(\.\d*)?(?:[eE][+-]?\d+)?/y

const take = (reader: Reader, word: string): boolean => {
  if (!reader.text.startsWith(word, reader.at)) return false
  reader.at += word.length
  return true
}

const skipSpace = (reader: Reader) => {
  space.lastIndex = reader.at
  space.exec(reader.text)
  reader.at = space.lastIndex
}

const space = /[ \t\r\n]*/y

const typeOf = (value: unknown, text: string): string => {
  if (value === null) return "NoneType"
  if (Array.isArray(value)) return "list"
  if (typeof value === "string") return "str"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "number") return /^-?\d*$/.test(text.trim()) ? "int" : "float"
  return "dict"
}
