/** What somebody else's object must look like: the first key that does not fit is an error that names it. */
import { nearest, show } from "@tenterhook/dialects"
import { PluginError } from "./PluginError.ts"

/** Where an object comes from, as messages name it: `dialects[0]`, or the export of a module. */
export interface Origin {
  readonly module: string | null
  readonly name: string
}

export const refuse = ({ module, name }: Origin, key: string, text: string): never => {
  throw new PluginError({ module, text: `${[name, key].filter((part) => part !== "").join(".")}: ${text}` })
}

export const expected = (origin: Origin, key: string, what: string, value: unknown): never =>
  refuse(origin, key, `expected ${what}, got ${show(value)}`)

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== ""

/** Each of these keys is a function, or absent where that is allowed. */
export const checkFunctions = (
  origin: Origin,
  value: Readonly<Record<string, unknown>>,
  keys: ReadonlyArray<string>,
  need: "required" | "optional"
): void => {
  for (const key of keys) {
    if (typeof value[key] === "function" || (need === "optional" && value[key] === undefined)) continue
    expected(origin, key, "a function", value[key])
  }
}

/** A misspelled key would be a function that is never called. An object of a class may have more. */
export const checkKeys = (
  origin: Origin,
  value: Readonly<Record<string, unknown>>,
  known: ReadonlyArray<string>
): void => {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return
  for (const key of Object.keys(value).filter((one) => !known.includes(one))) {
    const near = nearest(key, known)
    refuse(
      origin,
      key,
      `unknown key; ${near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`}`
    )
  }
}
