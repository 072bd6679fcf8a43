/**
 * Go's `path.Match`, over the whole name, in code points: `*` and `?` never match `/`, `[a-z]`, `[^a-z]`, and a
 * backslash before a plain character. A malformed pattern matches nothing.
 */

export interface PathMatch {
  readonly test: (name: string) => boolean
  /** The only name that matches, where the pattern has no wildcard. */
  readonly literal: string | undefined
  readonly malformed: boolean
}

/** Never fails. Matching takes at most (pattern length × name length) steps. */
export const compilePathMatch = (pattern: string): PathMatch => {
  const tokens = tokensOf([...pattern])
  if (tokens === undefined) return { test: () => false, literal: undefined, malformed: true }
  const literal = tokens.every((token) => typeof token === "string") ? tokens.join("") : undefined
  const test = literal === undefined ? (name: string) => matches(tokens, [...name]) : (name: string) => name === literal
  return { test, literal, malformed: false }
}

/** A character, or something that stands for one or many. */
type Token = string | typeof star | typeof any | CharacterClass

const star = Symbol("*")
const any = Symbol("?")

interface CharacterClass {
  readonly negated: boolean
  /** First and last code point of each range. */
  readonly ranges: ReadonlyArray<readonly [number, number]>
}

/** Goes back to the last star alone, as Go does, even where an earlier one could have helped. */
const matches = (tokens: ReadonlyArray<Token>, name: ReadonlyArray<string>): boolean => {
  let at = 0
  let token = 0
  let afterStar = -1
  let starAt = 0
  for (;;) {
    const current = tokens[token]
    if (current === star) {
      afterStar = ++token
      starAt = at
    } else if (current === undefined ? at === name.length : at < name.length && fits(current, name[at]!)) {
      if (current === undefined) return true
      token++
      at++
    } else if (afterStar >= 0 && starAt < name.length && name[starAt] !== "/") {
      token = afterStar
      at = ++starAt
    } else {
      return false
    }
  }
}

const fits = (token: Token, character: string): boolean => {
  if (typeof token === "string") return token === character
  if (typeof token === "symbol") return token === any && character !== "/"
  const code = character.codePointAt(0)!
  return token.ranges.some(([first, last]) => first <= code && code <= last) !== token.negated
}

/** Undefined where the pattern is malformed. */
const tokensOf = (pattern: ReadonlyArray<string>): ReadonlyArray<Token> | undefined => {
  const tokens: Array<Token> = []
  let at = 0
  while (at < pattern.length) {
    const character = pattern[at++]!
    if (character === "*") {
      if (tokens.at(-1) !== star) tokens.push(star)
    } else if (character === "?") {
      tokens.push(any)
    } else if (character === "\\") {
      const escaped = pattern[at++]
      if (escaped === undefined) return undefined
      tokens.push(escaped)
    } else if (character === "[") {
      const read = classAt(pattern, at)
      if (read === undefined) return undefined
      tokens.push(read.class)
      at = read.end
    } else {
      tokens.push(character)
    }
  }
  return tokens
}

/** The class that starts after a `[`. It has at least one member, and `-` and `]` stand in it only behind a backslash. */
const classAt = (pattern: ReadonlyArray<string>, start: number) => {
  const negated = pattern[start] === "^"
  const ranges: Array<readonly [number, number]> = []
  let at = negated ? start + 1 : start
  const member = (): number | undefined => {
    const escaped = pattern[at] === "\\"
    const character = pattern[escaped ? at + 1 : at]
    if (character === undefined || (!escaped && (character === "-" || character === "]"))) return undefined
    at += escaped ? 2 : 1
    return character.codePointAt(0)!
  }
  while (ranges.length === 0 || pattern[at] !== "]") {
    const first = member()
    if (first === undefined) return undefined
    let last: number | undefined = first
    if (pattern[at] === "-") {
      at++
      last = member()
      if (last === undefined) return undefined
    }
    ranges.push([first, last])
  }
  return { class: { negated, ranges }, end: at + 1 }
}
