/**
 * Compose's own substitution in values: `$NAME`, `${NAME}`, `$$`, and `${NAME:-word}` with the operators `:-`, `-`, `:?`,
 * `?`, `:+` and `+`, whose word is substituted as well. Source: Compose file reference, interpolation.
 */

export interface Interpolated {
  readonly text: string
  /** A sentence for each variable that `:?` or `?` requires and the environment does not have. */
  readonly missing: ReadonlyArray<string>
}

/** What is no template stays as it is. */
export const interpolate = (text: string, env: Readonly<Record<string, string>>): Interpolated => {
  const parts = partsOf(text)
  if (parts === null) return { text, missing: [] }
  const missing: Array<string> = []
  return { text: filled(parts, env, missing), missing }
}

/** Whether Compose would take the text. */
export const isTemplate = (text: string): boolean => partsOf(text) !== null

/** The pieces between the colons that divide a short volume: none within braces does. */
export const volumeParts = (text: string): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  let depth = 0
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    if (char === "{") depth++
    if (char === "}") depth--
    if (char !== undefined && (char !== ":" || depth > 0)) continue
    pieces.push(text.slice(start, at))
    start = at + 1
  }
  return pieces.filter((piece) => piece !== "")
}

type Part = string | Variable

interface Variable {
  readonly name: string
  readonly operator: string
  readonly word: ReadonlyArray<Part>
}

const filled = (parts: ReadonlyArray<Part>, env: Readonly<Record<string, string>>, missing: Array<string>): string =>
  parts.map((part) => (typeof part === "string" ? part : valueOf(part, env, missing))).join("")

const valueOf = ({ name, operator, word }: Variable, env: Readonly<Record<string, string>>, missing: Array<string>) => {
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  const isSet = value !== undefined && !(operator.startsWith(":") && value === "")
  switch (operator.at(-1)) {
    case "-":
      return isSet ? value : filled(word, env, missing)
    case "+":
      return isSet ? filled(word, env, missing) : ""
    case "?": {
      if (isSet) return value
      const why = filled(word, env, missing)
      missing.push(`required variable ${name} is missing a value${why === "" ? "" : `: ${why}`}`)
      return ""
    }
    default:
      return value ?? ""
  }
}

/** Null where it is no template. */
const partsOf = (text: string): ReadonlyArray<Part> | null => {
  const reader = { text, at: 0 }
  const parts = readParts(reader, false)
  return parts !== null && reader.at === text.length ? parts : null
}

interface Reader {
  readonly text: string
  at: number
}

/** Up to the end, or within a variable up to the brace that closes it. Braces of the word's own are counted. */
const readParts = (reader: Reader, within: boolean): ReadonlyArray<Part> | null => {
  const { text } = reader
  const parts: Array<Part> = []
  let literal = ""
  let depth = 0
  for (; reader.at < text.length;) {
    const char = text[reader.at]!
    if (within && char === "}" && depth-- === 0) break
    if (within && char === "{") depth++
    if (char !== "$") {
      literal += char
      reader.at++
      continue
    }
    const part = readVariable(reader)
    if (part === null) return null
    if (typeof part === "string") literal += part
    else {
      parts.push(literal, part)
      literal = ""
    }
  }
  return [...parts, literal]
}

const readVariable = (reader: Reader): Part | null => {
  const start = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(\}|:?[-?+]))/y
  start.lastIndex = reader.at
  const found = start.exec(reader.text)
  if (found === null) return null
  reader.at = start.lastIndex
  const [, dollar, plain, braced, next] = found
  if (dollar !== undefined) return "$"
  if (plain !== undefined) return { name: plain, operator: "", word: [] }
  if (next === "}") return { name: braced!, operator: "", word: [] }
  const word = readParts(reader, true)
  if (word === null || reader.text[reader.at] !== "}") return null
  reader.at++
  return { name: braced!, operator: next!, word }
}
