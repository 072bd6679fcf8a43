/** `--set key=value`: single values of a context by their dotted path. */
import { decodeContext } from "@tenterhook/core"
import * as Result from "effect/Result"
import { Refusal } from "../Refusal.ts"
import { parseJson } from "./parseJson.ts"

/**
 * A value is read as JSON where that gives anything but a text; otherwise it is the text as it stands. Ids stay text,
 * and so does whatever the context only knows as text: `--set prompt=42` is the prompt "42".
 */
export const setValues = (
  context: Readonly<Record<string, unknown>>,
  assignments: ReadonlyArray<string>
): Record<string, unknown> => {
  const sets = assignments.map(parse)
  if (sets.length === 0) return { ...context }
  const read = sets.reduce(
    (target, { path, text }) => put(target, path, isId(path) ? text : valueOf(text)),
    structuredClone(context)
  )
  const decoded = decodeContext(read)
  const wrong = new Set(Result.isSuccess(decoded) ? [] : decoded.failure.problems.map((problem) => problem.path))
  for (const { path, text } of sets) {
    if (!isId(path) && !wrong.has(path.join("."))) refuseDuplicates(text, path.join("."))
  }
  return sets
    .filter(({ path }) => wrong.has(path.join(".")))
    .reduce((target, { path, text }) => put(target, path, text), read)
}

interface Assignment {
  readonly path: ReadonlyArray<string>
  readonly text: string
}

const parse = (assignment: string): Assignment => {
  const equals = assignment.indexOf("=")
  const key = equals < 0 ? assignment : assignment.slice(0, equals)
  const path = key.split(".")
  if (equals < 0 || path.some((part) => part === "" || part === "__proto__")) {
    throw new Refusal(`--set: expected key=value with a dotted key, got "${assignment}"`, {
      hint: "as --set tool.name=bash"
    })
  }
  return { path, text: assignment.slice(equals + 1) }
}

const isId = (path: ReadonlyArray<string>) => /^id$|Id$/.test(path.at(-1)!)

const valueOf = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "string" ? text : value
  } catch {
    return text
  }
}

/** Of a value that is read as JSON, e.g. `--set 'tool.input={"a": 1, "a": 2}'`. */
const refuseDuplicates = (text: string, path: string): void => {
  if (typeof valueOf(text) === "object") parseJson(text, `--set ${path}`)
}

const put = (target: Record<string, unknown>, path: ReadonlyArray<string>, value: unknown): Record<string, unknown> => {
  let at = target
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined
    if (next !== undefined && next !== null && (typeof next !== "object" || Array.isArray(next))) {
      throw new Refusal(`--set ${path.join(".")}: "${key}" is ${JSON.stringify(next)}, which has no parts`)
    }
    at = (at[key] = next ?? {}) as Record<string, unknown>
  }
  at[path.at(-1)!] = value
  return target
}
