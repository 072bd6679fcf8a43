/**
 * Finds what looks like an answer and is no JSON: single quotes, bare keys, a comma too many, a line break in a text, the
 * output of `repr` or `%+v`, JSON in quotes that were escaped. Only what is in braces counts; prose does not.
 */
import { denies, isDecision, isRefusal, weightOf } from "./Word.ts"

export interface Lookalike {
  /** Where its key, or its word, stands in the text. */
  readonly offset: number
  /** It says no. */
  readonly denies: boolean
}

/** The first thing in braces that says no, else the first that decides. Linear in the text. */
export const lookalikeIn = (text: string): Lookalike | undefined => {
  if (!/[{}]/.test(text)) return undefined
  let braces: Braces | undefined
  let first: Lookalike | undefined
  let from = 0
  stem.lastIndex = 0
  for (let found = stem.exec(text); found !== null; found = stem.exec(text)) {
    const start = startOfWord(text, found.index, from)
    const end = endOfWord(text, found.index + found[0].length)
    from = stem.lastIndex = end
    const says = judge(text, start, end)
    if (says === "nothing") continue
    braces ??= bracesOf(text)
    if (!braces.encloses(start)) continue
    if (says === "no") return { offset: start, denies: true }
    first ??= { offset: start, denies: false }
  }
  return first
}

/** Whether there is a word, or an escape, without which nothing can be found. */
export const mayDecide = (text: string): boolean => {
  stem.lastIndex = 0
  return stem.test(text) || text.includes("\\u")
}

const judge = (text: string, start: number, end: number): "nothing" | "something" | "no" => {
  if (end - start > longestWord) return "nothing"
  const closing = skipQuote(text, skipBlanks(text, end, 4))
  const sign = skipBlanks(text, closing ?? end, 40)
  const behind = behindSign(text, sign)
  const word = text.slice(start, end)
  if (behind === undefined) return isRefusal(word) && isValue(text, start) ? "no" : "nothing"
  const beforeValue = skipBlanks(text, behind, 40)
  const beforeWord = text[beforeValue] === "[" ? skipBlanks(text, beforeValue + 1, 40) : beforeValue
  const opening = skipQuote(text, beforeWord)
  const value = valueAt(text, opening === undefined ? beforeWord : skipBlanks(text, opening, 4))
  const lower = value.toLowerCase()
  const literal = lower === "true" ? true : lower === "false" ? false : lower
  if (isPlainWord(value) && denies(word, literal)) return "no"
  if ((weightOf(word) !== "strong" && !ours.test(word)) || nullWords.has(lower)) return "nothing"
  const isQuoted = closing !== undefined || opening !== undefined || endsInQuote(text, start)
  const isCut = value === "" && beforeWord === text.length
  return isQuoted || isCut || (isPlainWord(value) && isDecision(literal)) ? "something" : "nothing"
}

/** `:`, `=>`, and the `=` of Java's maps. */
const behindSign = (text: string, at: number): number | undefined => {
  if (text[at] === ":") return at + 1
  if (text[at] !== "=" || text[at + 1] === "=") return undefined
  return text[at + 1] === ">" ? at + 2 : at + 1
}

const skipBlanks = (text: string, from: number, most: number) => {
  let at = from
  while (at < text.length && at - from < most && blank.test(text[at]!)) at++
  return at
}

/** The offset behind a quote, plain or escaped for another language; undefined where there is none. */
const skipQuote = (text: string, from: number): number | undefined => {
  let at = from
  while (at - from < 8 && text.charCodeAt(at) === backslash) at++
  if (quotes.includes(text[at] ?? " ")) return at + 1
  if (text.charCodeAt(at) !== ampersand) return undefined
  const entity = entities.find((one) => text.startsWith(one, at))
  return entity === undefined ? undefined : at + entity.length
}

const endsInQuote = (text: string, end: number): boolean => {
  let at = end
  while (at > 0 && end - at < 4 && blank.test(text[at - 1]!)) at--
  return quotes.includes(text[at - 1] ?? " ") || entities.some((one) => text.endsWith(one, at))
}

/** `key: ` or `key: "` stands before it. */
const isValue = (text: string, start: number): boolean =>
  /[\p{L}\p{N}"'`“”„‘’«»;]\s{0,40}(?::|=>?)\s{0,40}\\{0,8}(?:(?:["'`“”„‘’«»]|&quot;|&#3[49];)\s{0,4})?$/u.test(
    text.slice(Math.max(0, start - 120), start)
  )

const valueAt = (text: string, from: number) => /^[^\s"'`“”„‘’«»\\,;&}\]]*/.exec(text.slice(from, from + 24))![0]

interface Braces {
  /** Whether a brace before it is open, or a later one closes what begins nowhere. */
  readonly encloses: (offset: number) => boolean
}

/** For rising offsets. */
const bracesOf = (text: string): Braces => {
  const pattern = /[{}]/g
  let lastLoose = -1
  let open = 0
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    if (found[0] === "{") open++
    else if (open > 0) open--
    else lastLoose = found.index
  }
  let depth = 0
  let at = 0
  return {
    encloses: (offset) => {
      for (; at < offset; at++) {
        const code = text.charCodeAt(at)
        if (code === 123) depth++
        else if (code === 125 && depth > 0) depth--
      }
      return depth > 0 || offset < lastLoose
    }
  }
}

const startOfWord = (text: string, at: number, from: number) => {
  const lowest = Math.max(from, at - longestWord)
  while (at > lowest && isWordCharacter(text, at - 1)) at--
  while (text.charCodeAt(at) === hyphen) at++
  return at
}

const endOfWord = (text: string, at: number) => {
  while (at < text.length && isWordCharacter(text, at)) at++
  return at
}

const isWordCharacter = (text: string, at: number) => {
  const code = text.charCodeAt(at)
  return (code >= 97 && code <= 122) || wordCharacter.test(text[at]!)
}

const isPlainWord = (value: string) => /^\p{L}+$/u.test(value)

const longestWord = 64
const wordCharacter = /[\p{L}\p{N}_$-]/u
const nullWords = new Set(["null", "none", "nil", "undefined"])
const ours = /^(?:rewrite|halt|resume)$/i

/** A part of every word that may decide. */
const stem =
  /verdict|verdi?c|decis|permission|hookspecific|behaviou?r|allow|den(?:y|ied|ies)|block|approv|reject|veto|proceed|action|\bok\b|continue|cancel|success|refus|forbid|prohibit|rewrite|halt|resume|pass|safe|valid/gi

const quotes = "\"'`“”„‘’«»"
const entities = ["&quot;", "&#34;", "&#39;"]
const blank = /\s/
const ampersand = 38
const hyphen = 45
const backslash = 92
