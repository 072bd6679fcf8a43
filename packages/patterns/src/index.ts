/** Patterns that come from outside, matched in time linear in the text. */
export { loadPatterns, type Pattern, type Patterns, type Refused } from "./Pattern.ts"
export { type CharacterClass, literalOf, matchesWildcards, star, type Wildcard } from "./wildcards.ts"
