/** The language of `expect`: ordinary values, and the objects with one special key that match in other ways. */
import { Schema } from "effect"

/** An object with exactly one of these keys, and no other key, is a matcher; any other object is matched key by key. */
export const matcherWords = [
  "contains",
  "matches",
  "startsWith",
  "absent",
  "lt",
  "gt",
  "length",
  "json",
  "any",
  "not",
  "same",
  "unordered",
  "all"
] as const
export type MatcherWord = (typeof matcherWords)[number]

/** The word of a matcher object and its argument; null for an ordinary value. */
export const matcherOf = (value: unknown): { readonly word: MatcherWord; readonly argument: unknown } | null => {
  if (!isRecord(value)) return null
  const keys = Object.keys(value)
  const [key] = keys
  return keys.length === 1 && isMatcherWord(key!) ? { word: key, argument: value[key] } : null
}

/** A value that is matched against a part of what came back. Refuses matchers whose argument is not of their kind. */
export const Matcher = Schema.Unknown.check(
  Schema.makeFilter((value: unknown) => problems(value, []), {
    expected: "a value or a matcher",
    toJsonSchema: () => ({})
  })
).annotate({
  description:
    "A value to be equal to (an object: key by key, other keys are free; a list: element by element), or an object with exactly one of the keys " +
    matcherWords.join(", ")
})

/** A matcher that is written as an object: `{length: 3}`. */
export const MatcherObject = Schema.Record(Schema.String, Schema.Unknown)
  .check(
    Schema.makeFilter(
      (value: unknown) =>
        matcherOf(value) === null
          ? `expected a list, or an object with one of the keys ${matcherWords.join(", ")}`
          : problems(value, []),
      {
        toJsonSchema: () => ({ minProperties: 1, maxProperties: 1, propertyNames: { enum: [...matcherWords] } })
      }
    )
  )
  .annotate({ identifier: "MatcherObject" })

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isMatcherWord = (key: string): key is MatcherWord => (matcherWords as ReadonlyArray<string>).includes(key)

interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
  readonly issue: string
}

const problems = (value: unknown, path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> => {
  if (Array.isArray(value)) return value.flatMap((item, index) => problems(item, [...path, index]))
  if (!isRecord(value)) return []
  const matcher = matcherOf(value)
  if (matcher === null) return Object.entries(value).flatMap(([key, item]) => problems(item, [...path, key]))
  return argumentProblems(matcher.word, matcher.argument, [...path, matcher.word])
}

const argumentProblems = (word: MatcherWord, argument: unknown, path: ReadonlyArray<PropertyKey>) => {
  const wrong = (expected: string): ReadonlyArray<Problem> => [{ path, issue: `${word}: expected ${expected}` }]
  switch (word) {
    case "contains":
    case "startsWith":
      return typeof argument === "string" ? [] : wrong("a text")
    case "matches":
      return typeof argument === "string" && isRegExp(argument)
        ? []
        : wrong("a regular expression (ECMAScript, no flags)")
    case "lt":
    case "gt":
      return typeof argument === "number" ? [] : wrong("a number")
    case "length":
      return Number.isInteger(argument) && (argument as number) >= 0 ? [] : wrong("a whole number")
    case "absent":
      return argument === true ? [] : wrong("true (what must be there is written {not: {absent: true}})")
    case "any":
      return argument === true ? [] : wrong("true")
    case "same":
      return argument === "previous" ? [] : wrong(`"previous"`)
    case "unordered":
    case "all":
      return Array.isArray(argument) ? problems(argument, path) : wrong("a list of matchers")
    case "json":
    case "not":
      return problems(argument, path)
  }
}

const isRegExp = (source: string) => {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}
