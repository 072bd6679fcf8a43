/**
 * Python's `fnmatch`, case-sensitive as on POSIX: `*`, `?`, `[seq]`, `[!seq]`, over the whole name, in code points.
 * `*` crosses `/`, an unclosed `[` is a plain character, and there is no escape but `[*]`.
 */
import type { Fit } from "@tenterhook/core"
import { type CharacterClass, literalOf, matchesWildcards, star, type Wildcard } from "@tenterhook/patterns"

export interface Fnmatch {
  /** Undefined after 10 million steps. */
  readonly test: (name: string) => Fit
  /** The only name that matches, where the pattern has no wildcard. */
  readonly literal: string | undefined
}

/** Never fails: every text is a pattern. Matching takes at most (pattern × name length) steps, and gives up after 10 million. */
export const compileFnmatch = (pattern: string): Fnmatch => {
  const tokens = tokensOf([...pattern])
  const literal = literalOf(tokens)
  return {
    literal,
    test: literal === undefined ? (name) => matchesWildcards(tokens, name) : (name) => name === literal
  }
}

const any: CharacterClass = { ranges: [], negated: true }

const tokensOf = (pattern: ReadonlyArray<string>): ReadonlyArray<Wildcard> => {
  const tokens: Array<Wildcard> = []
  let at = 0
  while (at < pattern.length) {
    const character = pattern[at++]!
    if (character === "*") {
      if (tokens.at(-1) !== star) tokens.push(star)
    } else if (character === "?") {
      tokens.push(any)
    } else if (character === "[") {
      const end = endOfSet(pattern, at)
      if (end < 0) {
        tokens.push("[")
      } else {
        tokens.push(setOf(pattern.slice(at, end)))
        at = end + 1
      }
    } else {
      tokens.push(character)
    }
  }
  return tokens
}

/** Where the `]` is that closes a set; one that comes first is a member. */
const endOfSet = (pattern: ReadonlyArray<string>, start: number): number => {
  let at = start
  if (pattern[at] === "!") at++
  if (pattern[at] === "]") at++
  return pattern.indexOf("]", at)
}

/** A `!` that comes first only because a range before it vanished negates as well. */
const setOf = (inner: ReadonlyArray<string>): CharacterClass => {
  const written = inner[0] === "!"
  const left = withoutEmptyRanges(written ? inner.slice(1) : inner)
  const negated = written || left[0] === "!"
  const members = negated && !written ? left.slice(1) : left
  const ranges: Array<readonly [number, number]> = []
  for (let at = 0; at < members.length; at++) {
    const first = members[at] === range ? "-" : (members[at] as string)
    const last = members[at + 1] === range ? members[at + 2] : undefined
    if (typeof last === "string") {
      ranges.push([first.codePointAt(0)!, last.codePointAt(0)!])
      at += 2
    } else {
      ranges.push([first.codePointAt(0)!, first.codePointAt(0)!])
    }
  }
  return { ranges, negated }
}

const range = Symbol("-")

/** Python's reading of hyphens: one between two members is a range, and a range that runs backwards vanishes. */
const withoutEmptyRanges = (members: ReadonlyArray<string>): ReadonlyArray<string | typeof range> => {
  if (!members.includes("-")) return members
  const chunks: Array<Array<string>> = []
  let start = 0
  let hyphen = members.indexOf("-", 1)
  while (hyphen >= 0) {
    chunks.push(members.slice(start, hyphen))
    start = hyphen + 1
    hyphen = members.indexOf("-", hyphen + 3)
  }
  const rest = members.slice(start)
  if (rest.length > 0) chunks.push(rest)
  else chunks.at(-1)!.push("-")
  for (let at = chunks.length - 1; at > 0; at--) {
    const before = chunks[at - 1]!
    const after = chunks[at]!
    if (before.at(-1)!.codePointAt(0)! > after[0]!.codePointAt(0)!)
      chunks.splice(at - 1, 2, [...before.slice(0, -1), ...after.slice(1)])
  }
  return chunks.flatMap((chunk, at) => (at === 0 ? chunk : [range, ...chunk]))
}
