/** Holds what came back against what a case expects, and says of every difference where it is. */
import { isRecord, matcherOf, matcherWords } from "./Matcher.ts"

/** One difference. The path is dotted from the root of what was matched: `outcomes[0].verdict`. */
export interface Mismatch {
  readonly path: string
  readonly expected: string
  readonly got: string
}

/** Nothing where there is no value at all, as opposed to `null`. */
export const nothing = Symbol("nothing")

/** All mismatches, in the order of the expectation; none when it matches. `previous` is what `{same: previous}` means. */
export const match = (
  expected: unknown,
  got: unknown,
  previous: unknown = nothing,
  path: string = ""
): ReadonlyArray<Mismatch> => {
  const matcher = matcherOf(expected)
  if (matcher !== null) return words[matcher.word](matcher.argument, got, previous, path)
  if (Array.isArray(expected)) return matchList(expected, got, previous, path)
  if (isRecord(expected)) return matchObject(expected, got, previous, path)
  return equal(expected, got) ? [] : mismatch(path, show(expected), got)
}

/** A value as a message shows it: JSON, long texts with their length and without their middle. */
export const show = (value: unknown): string => {
  if (value === nothing || value === undefined) return "nothing"
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= 400 ? text : `${text.slice(0, 250)} … ${text.slice(-100)} (${text.length} characters)`
}

type Word = (argument: any, got: unknown, previous: unknown, path: string) => ReadonlyArray<Mismatch>

const words: Record<(typeof matcherWords)[number], Word> = {
  contains: (text: string, got, _, path) =>
    typeof got === "string" && got.includes(text) ? [] : mismatch(path, `text containing ${show(text)}`, got),

  startsWith: (text: string, got, _, path) =>
    typeof got === "string" && got.startsWith(text) ? [] : mismatch(path, `text starting with ${show(text)}`, got),

  matches: (source: string, got, _, path) =>
    typeof got === "string" && new RegExp(source).test(got) ? [] : mismatch(path, `text matching /${source}/`, got),

  absent: (_argument, got, _previous, path) => (isNothing(got) ? [] : mismatch(path, "nothing", got)),

  lt: (limit: number, got, _, path) =>
    typeof got === "number" && got < limit ? [] : mismatch(path, `a number less than ${limit}`, got),

  gt: (limit: number, got, _, path) =>
    typeof got === "number" && got > limit ? [] : mismatch(path, `a number greater than ${limit}`, got),

  length: (length: number, got, _, path) => {
    const actual = lengthOf(got)
    if (actual === null) return mismatch(path, `a list or text of length ${length}`, got)
    return actual === length ? [] : [{ path, expected: `length ${length}`, got: `length ${actual}: ${show(got)}` }]
  },

  json: (expected, got, previous, path) => {
    const parsed = parse(got)
    if (parsed === nothing) return mismatch(path, "text that is JSON", got)
    return match(expected, parsed, parse(previous), `${path}<json>`)
  },

  any: (_argument, got, _previous, path) => (isNothing(got) ? mismatch(path, "any value", got) : []),

  not: (expected, got, previous, path) =>
    match(expected, got, previous, path).length > 0 ? [] : mismatch(path, `anything but ${show(expected)}`, got),

  same: (_argument, got, previous, path) => {
    if (isNothing(previous))
      return mismatch(path, "the same as one delivery earlier (there was nothing at this place)", got)
    const mismatches = isSame(previous, got)
    return mismatches ? [] : mismatch(path, `the same as one delivery earlier: ${show(previous)}`, got)
  },

  unordered: (expected: ReadonlyArray<unknown>, got, previous, path) => {
    if (!Array.isArray(got)) return mismatch(path, `a list of ${expected.length} in any order`, got)
    if (got.length !== expected.length)
      return mismatch(path, `a list of ${expected.length} in any order`, got, `a list of ${got.length}`)
    const unpaired = unpairedOf(expected, got, previous, path)
    return unpaired.flatMap((item) => mismatch(path, `in any order, an element matching ${show(item)}`, got))
  },

  all: (expected: ReadonlyArray<unknown>, got, previous, path) =>
    expected.flatMap((item) => match(item, got, previous, path))
}

const matchList = (expected: ReadonlyArray<unknown>, got: unknown, previous: unknown, path: string) => {
  if (!Array.isArray(got)) return mismatch(path, `a list of ${expected.length}`, got)
  const lengths =
    got.length === expected.length ? [] : mismatch(path, `a list of ${expected.length}`, got, `a list of ${got.length}`)
  const common = expected.slice(0, got.length)
  return [
    ...lengths,
    ...common.flatMap((item, index) => match(item, got[index], at(previous, index), `${path}[${index}]`))
  ]
}

const matchObject = (expected: Record<string, unknown>, got: unknown, previous: unknown, path: string) => {
  if (!isRecord(got)) return mismatch(path, objectText(expected), got)
  return Object.keys(expected).flatMap((key) =>
    match(expected[key], at(got, key), at(previous, key), path === "" ? key : `${path}.${key}`)
  )
}

const objectText = (expected: Record<string, unknown>) => {
  const keys = Object.keys(expected)
  const meant = keys.length > 1 && keys.every((key) => (matcherWords as ReadonlyArray<string>).includes(key))
  return meant
    ? `an object ${show(expected)} (several matchers at once are written {all: [{${keys[0]}: …}, {${keys[1]}: …}]})`
    : `an object ${show(expected)}`
}

const mismatch = (path: string, expected: string, got: unknown, what?: string): ReadonlyArray<Mismatch> => [
  { path, expected, got: what === undefined ? show(got) : `${what}: ${show(got)}` }
]

/** The expectations that stay alone when as many as possible are paired with an element of their own. */
const unpairedOf = (expected: ReadonlyArray<unknown>, got: ReadonlyArray<unknown>, previous: unknown, path: string) => {
  const fits = expected.map((item) =>
    got.map((element, index) => match(item, element, at(previous, index), path).length === 0)
  )
  const takenBy = new Map<number, number>()
  const pair = (item: number, seen: Set<number>): boolean => {
    for (let element = 0; element < got.length; element++) {
      if (!fits[item]![element] || seen.has(element)) continue
      seen.add(element)
      const holder = takenBy.get(element)
      if (holder !== undefined && !pair(holder, seen)) continue
      takenBy.set(element, item)
      return true
    }
    return false
  }
  return expected.filter((_, item) => !pair(item, new Set()))
}

const isNothing = (value: unknown) => value === nothing || value === undefined

const equal = (a: unknown, b: unknown) => a === b || Object.is(a, b)

/** Deep equality, without matchers: what came earlier is data. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  if (!isRecord(a)) return equal(a, b)
  const keys = Object.keys(a)
  return (
    isRecord(b) &&
    Object.keys(b).length === keys.length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  )
}

const at = (value: unknown, key: string | number): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : nothing

/** Characters (code points) of a text, elements of a list. */
const lengthOf = (value: unknown): number | null => {
  if (Array.isArray(value)) return value.length
  if (typeof value !== "string") return null
  let count = 0
  for (const _ of value) count++
  return count
}

const parse = (text: unknown): unknown => {
  if (typeof text !== "string") return nothing
  try {
    return JSON.parse(text)
  } catch {
    return nothing
  }
}
