/** Globs over whole values: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}` and `\` before any of them. */
import type { Fit } from "@tenterhook/core"
import { type CharacterClass, literalOf, type Patterns, star, type Wildcard } from "@tenterhook/patterns"

export interface Glob {
  readonly test: (value: string) => Fit
  /** The only values that it can match, where they can be listed. */
  readonly literals?: ReadonlyArray<string>
}

/** A glob as it is written: each way of choosing from its braces. */
export type GlobText = ReadonlyArray<ReadonlyArray<Wildcard>>

/** What a text says as a glob, or what is wrong with it. */
export const readGlob = (text: string): GlobText | string => {
  if (text === "") return "an empty pattern can never match"
  if (text.length > maxLength) return `the pattern is longer than ${maxLength} characters; write a list or a regex`
  const alternatives = expand(text)
  if (typeof alternatives === "string") return alternatives
  const read: Array<ReadonlyArray<Wildcard>> = []
  for (const alternative of alternatives) {
    const tokens = tokenize(alternative)
    if (typeof tokens === "string") return tokens
    read.push(tokens)
  }
  return read
}

/** Whether texts and stars are all of it: then it is matched without the engine. */
export const isSimple = (glob: GlobText): boolean =>
  glob.every((one) => one.every((token) => token === star || (typeof token === "string" && token.isWellFormed()))) &&
  (glob.length <= maxSearches || glob.every((one) => literalOf(one) !== undefined))

/** A compiled glob, or why there is none. `patterns` is for those that are not simple. */
export const compileGlob = (glob: GlobText, patterns: Patterns | undefined): Glob | string => {
  const literals = glob.map(literalOf).filter((literal) => literal !== undefined)
  if (literals.length === glob.length) return { literals, test: (value) => literals.includes(value) }
  if (glob.some((tokens) => tokens.every((token) => token === star))) return { test: () => true }
  if (isSimple(glob)) {
    const tests = glob.map(searchFor)
    return { test: (value) => tests.some((test) => test(value)) }
  }
  const compiled = patterns!.wildcards(glob)
  return "refused" in compiled ? compiled.refused : compiled
}

/** Finds the texts between the stars one after the other, each at its first place. */
const searchFor = (tokens: ReadonlyArray<Wildcard>) => {
  const texts = [""]
  for (const token of tokens) {
    if (token === star) texts.push("")
    else texts[texts.length - 1] += token as string
  }
  const first = texts[0]!
  const last = texts.at(-1)!
  const between = texts.slice(1, -1)
  return (value: string): boolean => {
    if (texts.length === 1) return value === first
    if (!value.startsWith(first) || !value.endsWith(last)) return false
    let at = first.length
    for (const text of between) {
      const found = value.indexOf(text, at)
      if (found < 0) return false
      at = found + text.length
    }
    return at <= value.length - last.length
  }
}

const tokenize = (text: string): ReadonlyArray<Wildcard> | string => {
  const chars = Array.from(text)
  const tokens: Array<Wildcard> = []
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!
    if (char === "\\") {
      const escaped = chars[++i]
      if (escaped === undefined) return "the pattern ends in a \\ that escapes nothing; write \\\\ for a backslash"
      tokens.push(escaped)
    } else if (char === "*") {
      if (tokens.at(-1) !== star) tokens.push(star)
    } else if (char === "?") {
      tokens.push(anyChar)
    } else if (char === "[") {
      const parsed = charClass(chars, i)
      if (typeof parsed === "string") return parsed
      tokens.push(parsed.characters)
      i = parsed.end
    } else {
      tokens.push(char)
    }
  }
  return tokens
}

const anyChar: CharacterClass = { ranges: [], negated: true }

/** The class that opens at `start`; a `]` right after the opening is one of its characters. */
const charClass = (
  chars: ReadonlyArray<string>,
  start: number
): { readonly characters: CharacterClass; readonly end: number } | string => {
  let i = start + 1
  const negated = chars[i] === "!" || chars[i] === "^"
  if (negated) i++
  const ranges: Array<readonly [number, number]> = []
  const first = i
  while (i < chars.length && (chars[i] !== "]" || i === first)) {
    if (chars[i] === "\\") i++
    const low = chars[i]
    if (low === undefined) break
    let high = low
    if (chars[i + 1] === "-" && chars[i + 2] !== undefined && chars[i + 2] !== "]") {
      i += chars[i + 2] === "\\" ? 3 : 2
      high = chars[i] ?? low
    }
    if (high.codePointAt(0)! < low.codePointAt(0)!)
      return `the range [${low}-${high}] runs backwards and can never match`
    ranges.push([low.codePointAt(0)!, high.codePointAt(0)!])
    i++
  }
  if (chars[i] !== "]") return "the [ is never closed; write \\[ for a bracket"
  return { characters: { ranges, negated }, end: i }
}

/** Each way of choosing from the braces; braces without a comma stay as they are. */
const expand = (text: string): ReadonlyArray<string> | string => {
  let pending = [text]
  const done: Array<string> = []
  while (pending.length > 0) {
    const next: Array<string> = []
    for (const one of pending) {
      const choice = firstChoice(one)
      if (typeof choice === "string") return choice
      if (choice === null) done.push(one)
      else for (const option of choice.options) next.push(choice.before + option + choice.after)
      if (done.length + next.length > maxAlternatives)
        return `the braces give more than ${maxAlternatives} alternatives; write a list or a regex`
    }
    pending = next
  }
  return done
}

const firstChoice = (text: string) => {
  const open = indexOutside(text, "{", 0)
  if (open < 0) return null
  let depth = 0
  let from = open + 1
  const options: Array<string> = []
  for (let i = open; i < text.length; i++) {
    const char = text[i]
    if (char === "\\") i++
    else if (char === "{") depth++
    else if (char === "," && depth === 1) {
      options.push(text.slice(from, i))
      from = i + 1
    } else if (char === "}" && --depth === 0) {
      options.push(text.slice(from, i))
      if (options.length === 1) return `{${options[0]}} is a choice of one; write {a,b}, or \\{ for a brace`
      return { before: text.slice(0, open), options, after: text.slice(i + 1) }
    }
  }
  return "the { is never closed; write \\{ for a brace"
}

/** The first such character that is neither escaped nor in a class. */
const indexOutside = (text: string, char: string, start: number): number => {
  for (let i = start; i < text.length; i++) {
    if (text[i] === "\\") i++
    else if (text[i] === char) return i
    else if (text[i] === "[") {
      const close = text.indexOf("]", i + 2)
      if (close > 0) i = close
    }
  }
  return -1
}

const maxLength = 1000
const maxAlternatives = 1000
/** More alternatives than that are matched by the engine, all in one pass. */
const maxSearches = 16
