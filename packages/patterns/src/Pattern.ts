/** What a compiled pattern is, and how to get one. The engine is imported with the first call of `loadPatterns`. */
import type { Wildcard } from "./wildcards.ts"

export interface Pattern {
  /**
   * Whether the text matches, in time linear in the text. Undefined where an answer would take too long: the pattern
   * has too many states for this text, and pattern and text are large. Never throws.
   */
  readonly test: (text: string) => boolean | undefined
}

/** Why a pattern cannot be matched in linear time, or is not a pattern. */
export interface Refused {
  readonly refused: string
}

export interface Patterns {
  /**
   * Compiles a JavaScript regular expression, which may match anywhere in a text. Flags are i, m, s, u and v.
   * Refuses look-around, back-references, strings in classes, and what is too large.
   */
  readonly regex: (source: string, flags?: string) => Pattern | Refused
  /** Compiles alternatives of wildcards, each over the whole text, in code points. Refuses what is too large. */
  readonly wildcards: (alternatives: ReadonlyArray<ReadonlyArray<Wildcard>>) => Pattern | Refused
}

export const loadPatterns = async (): Promise<Patterns> => {
  const [{ compileRegex }, { compileWildcards }] = await Promise.all([
    import("./compile/compileRegex.ts"),
    import("./compile/compileWildcards.ts")
  ])
  return { regex: compileRegex, wildcards: compileWildcards }
}
