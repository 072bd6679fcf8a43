/** What the globs of all dialects have in common once they are read; how they are written differs from one to the next. */

/** Any run of characters. */
export const star = Symbol("*")

/** A character as it stands, a test of one character, or `star`. */
export type Wildcard = string | CharacterTest | typeof star
export type CharacterTest = (character: string) => boolean

/** A class: whether the character lies in one of the ranges of code points, or in none. */
export const inRanges =
  (ranges: ReadonlyArray<readonly [first: number, last: number]>, negated: boolean): CharacterTest =>
  (character) => {
    const code = character.codePointAt(0)!
    return ranges.some(([first, last]) => first <= code && code <= last) !== negated
  }

/** The only text that matches, where there is no wildcard. */
export const literalOf = (wildcards: ReadonlyArray<Wildcard>): string | undefined =>
  wildcards.every((one) => typeof one === "string") ? wildcards.join("") : undefined

/**
 * Whether the whole text matches, in code points. Goes back to the last star alone, as an earlier one cannot help
 * where the last cannot: at most (pattern × text) steps. No star crosses the character `stop`.
 */
export const matchesWildcards = (wildcards: ReadonlyArray<Wildcard>, text: string, stop?: string): boolean => {
  const characters = Array.from(text)
  let at = 0
  let token = 0
  let afterStar = -1
  let starAt = 0
  while (at < characters.length) {
    const current = wildcards[token]
    if (current === star) {
      afterStar = ++token
      starAt = at
    } else if (current !== undefined && fits(current, characters[at]!)) {
      token++
      at++
    } else if (afterStar >= 0 && characters[starAt] !== stop) {
      token = afterStar
      at = ++starAt
    } else {
      return false
    }
  }
  while (wildcards[token] === star) token++
  return token === wildcards.length
}

const fits = (wildcard: string | CharacterTest, character: string): boolean =>
  typeof wildcard === "string" ? wildcard === character : wildcard(character)
