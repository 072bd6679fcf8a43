/** The context of an event as `--context` and `--set` give it. */
import { contextKeys, decodeContext, type EventContext, unknownContextKeys } from "@tenterhook/core"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import type { ContextFlags } from "../flags.ts"
import { Refusal } from "../Refusal.ts"
import type { Words } from "../terminal/Words.ts"
import { parseJson } from "./parseJson.ts"
import { setValues } from "./setValues.ts"

/** Unknown keys are warned about. `stdin` is false for a command whose stdin belongs to somebody else. */
export const readContext = async (flags: ContextFlags, words: Words, stdin = true): Promise<EventContext> => {
  const given = Option.isNone(flags.context) ? {} : contextOf(flags.context.value, stdin)
  const context = setValues(given, flags.set)
  const unknown = unknownContextKeys(context)
  if (unknown.length > 0) await warnOf(unknown, words)
  const decoded = decodeContext(context)
  if (Result.isSuccess(decoded)) return decoded.success
  throw decoded.failure
}

const warnOf = async (keys: ReadonlyArray<string>, words: Words) => {
  const { nearest } = await import("@tenterhook/dialects")
  for (const key of keys) {
    const near = nearest(key, contextKeys)
    words.warn(`context: unknown key "${key}"; ${near === undefined ? "no event has it" : `did you mean "${near}"?`}`)
  }
}

const contextOf = (text: string, stdin: boolean): Record<string, unknown> => {
  const { name, json } = textOf(text, stdin)
  const value = parseJson(json, name)
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Refusal(`${name}: expected a JSON object, got ${Array.isArray(value) ? "a list" : JSON.stringify(value)}`, {
    hint: `as --context '{"tool": {"name": "bash"}}'`
  })
}

const textOf = (text: string, stdin: boolean): { readonly name: string; readonly json: string } => {
  if (text.startsWith("@")) return { name: text.slice(1), json: readText(text.slice(1), text.slice(1)) }
  if (text !== "-") return { name: "--context", json: text }
  if (stdin) return { name: "stdin", json: readText(0, "stdin") }
  throw new Refusal("--context -: stdin belongs to the command that exec runs", {
    hint: "write the context to a file and pass --context @file"
  })
}

const readText = (file: string | number, name: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ""
    throw new Refusal(`--context: cannot read ${name}: ${reasons[code] ?? code}`)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EAGAIN: "nothing is there to be read"
}
