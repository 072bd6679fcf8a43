/** The context of an event as `--context` and `--set` give it. */
import {
  canonicalPath,
  contextKeys,
  decodeContext,
  type EventContext,
  isEventName,
  lackOf,
  unknownContextKeys
} from "@tenterhook/core"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ContextFlags } from "../flags.ts"
import { Refusal } from "../Refusal.ts"
import type { Words } from "../terminal/Words.ts"
import { readDescriptor, readFile, readStdin } from "./Input.ts"
import { parseJson } from "./parseJson.ts"
import { setValues } from "./setValues.ts"

export interface ContextInput {
  readonly words: Words
  /** The event that the context is for; absent where it is for none yet. */
  readonly event?: string
  /** Who reads stdin: `--context -`, or the command that `exec` runs. */
  readonly stdin: "context" | "command"
  /** Ends the reading; the call then rejects with its reason. */
  readonly signal?: AbortSignal
}

/** Warns about unknown keys. Refuses what is not a context, with each place in it. */
export const readContext = async (flags: ContextFlags, input: ContextInput): Promise<EventContext> => {
  const given = Option.isNone(flags.context) ? {} : await contextOf(flags.context.value, input)
  const context = setValues(given, flags.set)
  const unknown = unknownContextKeys(context)
  if (unknown.length > 0) {
    await requireValues(input.event, context)
    await warnOf(unknown, input.words)
  }
  const decoded = decodeContext(context)
  if (Result.isSuccess(decoded)) return decoded.success
  throw decoded.failure
}

/** Hooks get the context without its unknown keys, one of which may be the one that the event requires. */
const requireValues = async (event: string | undefined, context: object) => {
  const { dialects } = await import("../dialects.ts")
  const names = dialects.map((dialect) => dialect.events[event ?? ""]?.event)
  for (const name of new Set([event, ...names])) {
    const lack = name === undefined || !isEventName(name) ? null : lackOf(name, context)
    if (lack !== null) throw lack
  }
}

const warnOf = async (keys: ReadonlyArray<string>, words: Words) => {
  const { nearest } = await import("@tenterhook/dialects")
  for (const key of keys) {
    const near = canonicalPath(key) ?? nearest(key, contextKeys)
    words.warn(`context: unknown key "${key}"; ${near === undefined ? "no event has it" : `did you mean "${near}"?`}`)
  }
}

const contextOf = async (text: string, input: ContextInput): Promise<Record<string, unknown>> => {
  const { name, json } = await read(text, input)
  if (json.trim() === "") throw new Refusal(`${name}: empty; expected a JSON object`, { hint: example })
  const value = parseJson(json, name)
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  const got = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`
  throw new Refusal(`${name}: expected a JSON object, got ${got}`, { hint: example })
}

const read = async (text: string, input: ContextInput): Promise<{ readonly name: string; readonly json: string }> => {
  if (text !== "-" && !text.startsWith("@")) return { name: "--context", json: text }
  const file = text.slice(1)
  const descriptor = text === "-" ? 0 : descriptorOf(file)
  if (descriptor === null) return { name: file, json: readFile(file) }
  if (descriptor > 0) return { name: file, json: await readDescriptor(descriptor, file, input.signal) }
  if (input.stdin === "command") {
    throw new Refusal(`--context ${text}: exec passes its stdin to the command`, {
      hint: "write the context to a file and pass --context @file"
    })
  }
  if (process.stdin.isTTY === true) input.words.info("reading the context from the terminal; Ctrl-D ends it")
  return { name: "stdin", json: await readStdin(input.signal) }
}

/** The descriptor that a file name stands for; null where it is the name of a file. */
const descriptorOf = (file: string): number | null => {
  if (file === "/dev/stdin") return 0
  const [, number] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(file) ?? []
  return number === undefined ? null : Number(number)
}

const example = `e.g. --context '{"tool": {"name": "bash"}}'`
