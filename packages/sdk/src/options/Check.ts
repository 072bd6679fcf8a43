/** Checks what a caller passes: small tests of a value that add up to the test of an options object. */
import { nearest } from "@tenterhook/dialects"

/** The problems of a value, each with its path; empty if there is none. */
export type Check = (value: unknown, path: string) => ReadonlyArray<string>

/** The options of a call cannot be as they are: an unknown name or a wrong type. */
export class InvalidOptions extends Error {
  readonly _tag = "InvalidOptions"
  override readonly name = "InvalidOptions"
  /** As `host[0]: expected …`. */
  readonly problems: ReadonlyArray<string>

  constructor(call: string, problems: ReadonlyArray<string>) {
    super(problems.map((problem) => `${call}: ${problem}`).join("\n"))
    this.problems = problems
  }
}

/** Throws `InvalidOptions` with all problems. `call` is the function whose options they are. */
export const checkOptions = (call: string, check: Check, options: unknown): void => {
  const problems = check(options, "")
  if (problems.length > 0) throw new InvalidOptions(call, problems)
}

export const anything: Check = () => []

export const test =
  (expected: string, passes: (value: unknown) => boolean): Check =>
  (value, path) =>
    passes(value) ? [] : [`${path}${path === "" ? "" : ": "}expected ${expected}, got ${show(value)}`]

export const text = test("a text", (value) => typeof value === "string")
export const number = test("a number", (value) => typeof value === "number" && !Number.isNaN(value))
export const flag = test("true or false", (value) => typeof value === "boolean")
export const callable = test("a function", (value) => typeof value === "function")
export const object = test("an object", (value) => typeof value === "object" && value !== null && !Array.isArray(value))
/** Of any realm. */
export const signal = test("an AbortSignal", (value) =>
  typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value)

/** One of these words. */
export const word =
  (words: ReadonlyArray<string>): Check =>
  (value, path) => {
    if (typeof value === "string" && words.includes(value)) return []
    const [problem] = test(`${words.slice(0, -1).join(", ")} or ${words.at(-1)}`, () => false)(value, path)
    const meant = typeof value === "string" ? nearest(value, words) : undefined
    return [meant === undefined ? problem! : `${problem}; did you mean "${meant}"?`]
  }

export const list =
  (each: Check, expected = "a list"): Check =>
  (value, path) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => each(one, `${path}[${index}]`))
      : test(expected, () => false)(value, path)

/** A value for each name, whatever the names. */
export const record =
  (each: Check): Check =>
  (value, path) => {
    const problems = object(value, path)
    if (problems.length > 0) return problems
    return Object.entries(value as object).flatMap(([name, one]) => each(one, below(path, name)))
  }

export interface ShapeOptions {
  /** These must be there. */
  readonly required?: ReadonlyArray<string>
  /** `typos`: an unknown key is a problem only where it resembles a known one. For objects that may have more to them. */
  readonly refuse?: "unknown" | "typos"
}

/** An object with these keys; one that is undefined is absent. */
export const shape =
  (fields: Readonly<Record<string, Check>>, { required = [], refuse = "unknown" }: ShapeOptions = {}): Check =>
  (value, path) => {
    const problems = object(value, path)
    if (problems.length > 0) return problems
    const given = value as Record<string, unknown>
    const unknown = Object.keys(given).flatMap((key) => {
      if (Object.hasOwn(fields, key)) return []
      const meant = nearest(
        key,
        Object.keys(fields).filter((known) => given[known] === undefined)
      )
      if (meant === undefined && refuse === "typos") return []
      const hint = meant === undefined ? `; known are ${Object.keys(fields).join(", ")}` : `; did you mean "${meant}"?`
      return [`${path === "" ? "" : `${path}: `}unknown ${path === "" ? "option" : "key"} ${show(key)}${hint}`]
    })
    const missing = required.filter((key) => given[key] === undefined).map((key) => `${below(path, key)}: expected it`)
    const wrong = Object.entries(fields).flatMap(([key, check]) =>
      given[key] === undefined ? [] : check(given[key], below(path, key))
    )
    return [...unknown, ...missing, ...wrong]
  }

const below = (path: string, key: string) => (path === "" ? key : `${path}.${key}`)

const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (value === null || typeof value !== "object") return typeof value === "function" ? "a function" : String(value)
  return Array.isArray(value) ? "a list" : "an object"
}
