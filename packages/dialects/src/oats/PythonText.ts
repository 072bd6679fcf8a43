/** Text as Python sees it: what `strip` strips, strict UTF-8 with its error, code points, and values in an f-string. */

/** `str.strip()`: a byte order mark stays, U+0085 and U+001C go. */
export const strip = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && blank.has(text[start]!)) start++
  while (end > start && blank.has(text[end - 1]!)) end--
  return text.slice(start, end)
}

const blank = new Set(
  "\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

/** The first code points of a text. */
export const excerpt = (text: string, length: number): string => {
  if (text.length <= length) return text
  let units = 0
  for (let count = 0; count < length && units < text.length; count++) units += text.codePointAt(units)! > 0xffff ? 2 : 1
  return text.slice(0, units)
}

export type DecodedText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string }

/** `bytes.decode()`: UTF-8 or nothing, with the words of Python's error. */
export const decodeUtf8 = (bytes: Uint8Array): DecodedText => {
  try {
    return { ok: true, text: decoder.decode(bytes) }
  } catch {
    return { ok: false, error: utf8Error(bytes) }
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const utf8Error = (bytes: Uint8Array): string => {
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at]!
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    if (length === 0) return cannotDecode(bytes, at, 1, "invalid start byte")
    for (let next = 1; next < length; next++) {
      const byte = bytes[at + next]
      if (byte === undefined) return cannotDecode(bytes, at, next, "unexpected end of data")
      const low = next > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
      const high = next > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
      if (byte < low || byte > high) return cannotDecode(bytes, at, next, "invalid continuation byte")
    }
    at += length
  }
  return "not UTF-8"
}

const cannotDecode = (bytes: Uint8Array, at: number, length: number, why: string): string => {
  const which =
    length === 1
      ? `byte 0x${bytes[at]!.toString(16).padStart(2, "0")} in position ${at}`
      : `bytes in position ${at}-${at + length - 1}`
  return `'utf-8' codec can't decode ${which}: ${why}`
}

/** A JSON value as an f-string prints it. */
export const pythonText = (value: unknown): string => (typeof value === "string" ? value : repr(value))

const repr = (value: unknown, depth = 0): string => {
  if (value === null || value === undefined) return "None"
  if (value === true) return "True"
  if (value === false) return "False"
  if (typeof value === "number")
    return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf"
  if (typeof value === "string") return quoted(value)
  if (typeof value !== "object") return String(value)
  if (depth > maxDepth) return "..."
  if (Array.isArray(value)) return `[${value.map((of) => repr(of, depth + 1)).join(", ")}]`
  return `{${Object.entries(value)
    .map(([key, of]) => `${quoted(key)}: ${repr(of, depth + 1)}`)
    .join(", ")}}`
}

const maxDepth = 32

const quoted = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(/[\\'"\u0000-\u001f\u007f]/g, (character) => {
    if (character === "\\") return "\\\\"
    if (character === quote) return `\\${character}`
    if (character === "'" || character === '"') return character
    return escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  })
  return quote + escaped + quote
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }
