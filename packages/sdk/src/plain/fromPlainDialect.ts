/** Makes a dialect of a plain one. Whatever its functions throw, or return in a wrong shape, is a failure with a message. */
import type { ConfigSource, Dialect, EventTable, Folder } from "@tenterhook/core"
import { show } from "@tenterhook/dialects"
import { Effect } from "effect"
import type { PlainDialect } from "../PlainDialect.ts"
import { PluginError } from "../plugins/PluginError.ts"
import { wordsOf } from "../plugins/thrown.ts"
import { decodePlain } from "./decodePlain.ts"
import { encodePlain } from "./encodePlain.ts"
import { loadPlain } from "./loadPlain.ts"
import { documentOf } from "./PlainDocument.ts"

export const fromPlainDialect = (plain: PlainDialect): Dialect => {
  const events: EventTable = Object.fromEntries(
    Object.entries(plain.events).map(([name, event]) => [name, typeof event === "string" ? { event } : event])
  )
  return {
    id: plain.id,
    title: plain.title ?? plain.id,
    modes: (plain.modes ?? ["documented"]) as Dialect["modes"],
    events,
    discover: (from) => discover(plain.files ?? [], from),
    recognizes: (source) => recognizes(plain, source),
    load: (source, options) => loadPlain(plain, events, source, options),
    encode: (hook, fire) => encodePlain(plain, hook, fire),
    decode: (hook, fire, end) => decodePlain(plain, hook, fire, end)
  }
}

const discover = (files: ReadonlyArray<string>, from: Folder) =>
  Effect.map(
    Effect.forEach(files, (name) => Effect.map(from.read(name), (text) => ({ name, text }))),
    (found) =>
      found.flatMap(({ name, text }): ReadonlyArray<ConfigSource> => {
        const file = `${from.path.replace(/\/$/, "")}/${name}`
        return text === null ? [] : [{ _tag: "text", file, folder: file.slice(0, file.lastIndexOf("/")) || "/", text }]
      })
  )

const recognizes = (plain: PlainDialect, source: ConfigSource): boolean => {
  if (source._tag === "environment") return false
  if (source._tag === "text" && plain.files?.some((name) => isNamed(source.file, name))) return true
  if (plain.recognizes === undefined) return false
  const { file, text, value } = documentOf(plain.id, source)
  let answer: unknown
  try {
    answer = plain.recognizes({
      file,
      text,
      get value() {
        return valueOr(value)
      }
    })
  } catch (error) {
    throw wrong(plain, `failed in recognizes: ${wordsOf(error)}`)
  }
  if (typeof answer === "boolean") return answer
  throw wrong(plain, `returned ${show(answer)} from recognizes; expected true or false`)
}

const isNamed = (file: string, name: string) => `/${file.replaceAll("\\", "/")}`.endsWith(`/${name}`)

/** Undefined for a text that cannot be parsed: it may be in another format. */
const valueOr = (value: () => unknown): unknown => {
  try {
    return value()
  } catch {
    return undefined
  }
}

const wrong = ({ id }: PlainDialect, text: string) =>
  new PluginError({ module: null, text: `the dialect "${id}" ${text}` })
