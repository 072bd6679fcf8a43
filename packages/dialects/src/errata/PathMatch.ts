/**
 * Go's `path.Match`, over the whole name, in code points: `*` and `?` never match `/`, `[a-z]`, `[^a-z]`, and a
 * backslash before a plain character. A malformed pattern matches nothing.
 */
import type { Fit } from "@tenterhook/core"
import { type CharacterClass, literalOf, matchesWildcards, star, type Wildcard } from "@tenterhook/patterns"

export interface PathMatch {
  /** Undefined after 10 million steps. */
  readonly test: (name: string) => Fit
  /** The only name that matches, where the pattern has no wildcard. */
  readonly literal: string | undefined
  readonly malformed: boolean
}

/** Never fails. Matching takes at most (pattern length × name length) steps, and gives up after 10 million. */
export const compilePathMatch = (pattern: string): PathMatch => {
  const tokens = tokensOf([...pattern])
  if (tokens === undefined) return { test: () => false, literal: undefined, malformed: true }
  const literal = literalOf(tokens)
  const test =
    literal === undefined ? (name: string) => matchesWildcards(tokens, name, "/") : (name: string) => name === literal
  return { test, literal, malformed: false }
}

const notSlash: CharacterClass = { ranges: [[0x2f, 0x2f]], negated: true }

/** Undefined where the pattern is malformed. */
const tokensOf = (pattern: ReadonlyArray<string>): ReadonlyArray<Wildcard> | undefined => {
  const tokens: Array<Wildcard> = []
  let at = 0
  while (at < pattern.length) {
    const character = pattern[at++]!
    if (character === "*") {
      if (tokens.at(-1) !== star) tokens.push(star)
    } else if (character === "?") {
      tokens.push(notSlash)
    } else if (character === "\\") {
      const escaped = pattern[at++]
      if (escaped === undefined) return undefined
      tokens.push(escaped)
    } else if (character === "[") {
      const read = classAt(pattern, at)
      if (read === undefined) return undefined
      tokens.push({ ranges: read.ranges, negated: read.negated })
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
  return { negated, ranges, end: at + 1 }
}
