/**
 * Which announcements an endpoint gets, by what they say: `{ "status": "failed", "input.path": { "$contains": "/tmp" } }`.
 * A key is a dotted path into the announcement's data, or `$and` or `$or` with a list of filters; beside a path stands
 * the value it must have, or an object of operators, all of which must hold. Source: Wacht, Webhooks.
 */

export type PayloadFilter = Readonly<Record<string, unknown>>

export type Matches = (data: unknown) => boolean

/** The filter as a function, or what is wrong with it, in words that say where. */
export const compileFilter = (filter: unknown): Matches | string => compile(filter, "the filter", 0)

const compile = (filter: unknown, place: string, depth: number): Matches | string => {
  if (!isObject(filter)) return `${place}: expected an object of paths, $and and $or, got ${brief(filter)}`
  if (depth > deepest) return `${place}: filters may be nested ${deepest} deep`
  const parts: Array<Matches> = []
  for (const [key, value] of Object.entries(filter)) {
    const part =
      key === "$and" || key === "$or"
        ? compileList(key, value, `${place}.${key}`, depth)
        : key.startsWith("$")
          ? `${place}: ${key} is not known here; expected a path, $and or $or`
          : compilePath(key, value, `${place}.${key}`)
    if (typeof part === "string") return part
    parts.push(part)
  }
  return (data) => parts.every((part) => part(data))
}

const compileList = (key: "$and" | "$or", value: unknown, place: string, depth: number): Matches | string => {
  if (!Array.isArray(value) || value.length === 0) return `${place}: expected a list of filters, got ${brief(value)}`
  const parts: Array<Matches> = []
  for (const [index, one] of value.entries()) {
    const part = compile(one, `${place}[${index}]`, depth + 1)
    if (typeof part === "string") return part
    parts.push(part)
  }
  return key === "$and" ? (data) => parts.every((part) => part(data)) : (data) => parts.some((part) => part(data))
}

const compilePath = (path: string, value: unknown, place: string): Matches | string => {
  const keys = path.split(".")
  if (keys.includes("")) return `${place}: expected names with one dot between them`
  const tests = compileTests(value, place)
  return typeof tests === "string" ? tests : (data) => tests(at(data, keys))
}

/** A plain value stands for `$eq`; so does an object whose keys are no operators. */
const compileTests = (value: unknown, place: string): Matches | string => {
  const keys = isObject(value) ? Object.keys(value) : []
  if (!keys.some((key) => key.startsWith("$"))) return (found) => same(found, value)
  const tests: Array<Matches> = []
  for (const [operator, operand] of Object.entries(value as object)) {
    const make = operators[operator]
    if (make === undefined) return `${place}: expected one of ${Object.keys(operators).join(" ")}, got ${operator}`
    const test = make(operand)
    if (typeof test === "string") return `${place}.${operator}: expected ${test}, got ${brief(operand)}`
    tests.push(test)
  }
  return (found) => tests.every((test) => test(found))
}

const compare =
  (holds: (order: number) => boolean) =>
  (operand: unknown): Matches | string =>
    typeof operand === "number" || typeof operand === "string"
      ? (found) => typeof found === typeof operand && holds(found! < operand ? -1 : found === operand ? 0 : 1)
      : "a number or a string"

const among =
  (wanted: boolean) =>
  (operand: unknown): Matches | string =>
    Array.isArray(operand) ? (found) => operand.some((one) => same(found, one)) === wanted : "a list"

const operators: Readonly<Record<string, (operand: unknown) => Matches | string>> = {
  $eq: (operand) => (found) => same(found, operand),
  $ne: (operand) => (found) => !same(found, operand),
  $gt: compare((order) => order > 0),
  $gte: compare((order) => order >= 0),
  $lt: compare((order) => order < 0),
  $lte: compare((order) => order <= 0),
  $in: among(true),
  $nin: among(false),
  /** Part of a text, or an element of a list. */
  $contains: (operand) => (found) =>
    Array.isArray(found)
      ? found.some((one) => same(one, operand))
      : typeof found === "string" && typeof operand === "string" && found.includes(operand),
  $exists: (operand) => (typeof operand === "boolean" ? (found) => (found !== undefined) === operand : "true or false")
}

/** Names and, in lists, whole numbers from 0. */
const at = (data: unknown, keys: ReadonlyArray<string>): unknown => {
  let found = data
  for (const key of keys) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined
    if (Array.isArray(found) && !/^\d+$/.test(key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

/** As JSON has it: the order of keys means nothing. */
const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, index) => same(one, b[index]))
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key as never], b[key as never]))
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const brief = (value: unknown) => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const deepest = 20
