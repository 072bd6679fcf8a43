/** The regular expressions of a schema, matched in time linear in the input. */
import { loadPatterns, type Patterns } from "@tenterhook/patterns"
import type { JsonSchema } from "../Tool.ts"

/** Makes the regular expressions of one schema. Throws where one cannot be matched in linear time. */
export interface RegexFactory {
  (pattern: string, flags: string): RegexLike
  /** What ajv would write into standalone code, which nobody asks it for. */
  code: string
}

interface RegexLike {
  readonly test: (text: string) => boolean
  readonly toString: () => string
}

/** Thrown by a test that would take too long. */
export class GaveUp extends Error {}

/** How much text the patterns of one check may still match. */
export interface Allowance {
  characters: number
}

/** About half a second, on a slow machine. */
export const fullAllowance = 50_000_000

export const regexFactory = async (schema: JsonSchema, allowance: Allowance): Promise<RegexFactory> => {
  // Without patterns of its own, only those of the meta-schema are made.
  if (!hasPatterns(schema))
    return Object.assign((source: string, flags: string) => new RegExp(source, flags), { code: "linearRegex" })
  const patterns = await loadPatterns()
  return Object.assign((source: string, flags: string) => linearRegex(patterns, source, flags, allowance), {
    code: "linearRegex"
  })
}

const hasPatterns = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).some(([key, inner]) => key === "pattern" || key === "patternProperties" || hasPatterns(inner))

const linearRegex = (patterns: Patterns, source: string, flags: string, allowance: Allowance): RegexLike => {
  const compiled = patterns.regex(source, flags)
  if ("refused" in compiled)
    throw new Error(`the pattern ${JSON.stringify(source)} cannot be matched in linear time: ${compiled.refused}`)
  return {
    test: (text) => {
      allowance.characters -= text.length
      const matches = allowance.characters < 0 ? undefined : compiled.test(text)
      if (matches === undefined) throw new GaveUp(`the pattern ${JSON.stringify(source)} takes too long on this input`)
      return matches
    },
    toString: () => `/${source}/${flags}`
  }
}
