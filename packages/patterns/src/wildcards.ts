/** Wildcards of globs, once they are read: the syntaxes differ from one product to the next. */

/** Any run of characters. */
export const star = Symbol("*")

/** One character of these ranges of code points, or of none of them. */
export interface CharacterClass {
  readonly ranges: ReadonlyArray<readonly [first: number, last: number]>
  readonly negated: boolean
}

/** A character as it stands, a class, or `star`. */
export type Wildcard = string | CharacterClass | typeof star

/** The only text that matches, where there is no wildcard. */
export const literalOf = (wildcards: ReadonlyArray<Wildcard>): string | undefined =>
  wildcards.every((one) => typeof one === "string") ? wildcards.join("") : undefined

/**
 * Whether the whole text matches, in code points. No star crosses the character `stop`. Goes back to the last star
 * alone, because an earlier one cannot help where the last cannot. Undefined after 10 million steps, which no text of
 * less than 10,000 characters takes with a pattern of 1,000.
 */
export const matchesWildcards = (
  wildcards: ReadonlyArray<Wildcard>,
  text: string,
  stop?: string
): boolean | undefined => {
  let at = 0
  let token = 0
  let afterStar = -1
  let starAt = 0
  let steps = 0
  while (at < text.length) {
    const character = characterAt(text, at)
    const current = wildcards[token]
    steps += typeof current === "object" ? 1 + current.ranges.length : 1
    if (steps > maxSteps) return undefined
    if (current === star) {
      afterStar = ++token
      starAt = at
    } else if (current !== undefined && fits(current, character)) {
      token++
      at += character.length
    } else if (afterStar >= 0 && characterAt(text, starAt) !== stop) {
      token = afterStar
      at = starAt += characterAt(text, starAt).length
    } else {
      return false
    }
  }
  while (wildcards[token] === star) token++
  return token === wildcards.length
}

const fits = (wildcard: string | CharacterClass, character: string): boolean => {
  if (typeof wildcard === "string") return wildcard === character
  const code = character.codePointAt(0)!
  return wildcard.ranges.some(([first, last]) => first <= code && code <= last) !== wildcard.negated
}

/** The code point at an index, as text. */
const characterAt = (text: string, at: number): string => {
  const unit = text[at]!
  return unit < "\uD800" || unit > "\uDBFF" ? unit : String.fromCodePoint(text.codePointAt(at)!)
}

const maxSteps = 10_000_000
