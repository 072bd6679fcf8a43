/** A config as a plain dialect sees it: its text, its value once that is asked for, and the lines of both. */
import type { ConfigError, ConfigSource } from "@tenterhook/core"
import { type Document, formatPath, readDocument } from "@tenterhook/dialects"
import { Effect, Exit } from "effect"
import type { PlainPlace } from "../PlainDialect.ts"

export interface PlainDocument {
  readonly file: string | null
  readonly text: string | null
  /** Throws `ConfigError` with the place of a syntax error. */
  readonly value: () => unknown
  /** Nulls where the config was given in code. */
  readonly place: (at: PlainPlace | undefined) => Place
  /** As messages name it: `rules[2].command`. */
  readonly path: (at: PlainPlace | undefined) => string
}

export interface Place {
  readonly line: number | null
  readonly column: number | null
}

export const documentOf = (dialect: string, source: ConfigSource): PlainDocument => {
  let read: Exit.Exit<Document, ConfigError> | undefined
  const document = () => (read ??= Effect.runSyncExit(readDocument(dialect, source)))
  const text = source._tag === "text" ? source : null
  return {
    file: text?.file ?? null,
    text: text?.text ?? null,
    value: () => {
      const exit = document()
      if (Exit.isSuccess(exit)) return exit.value.value
      for (const reason of exit.cause.reasons) if (reason._tag === "Fail") throw reason.error
      throw new Error("the config cannot be parsed")
    },
    place: (at) => {
      if (text === null) return nowhere
      if (typeof at === "number") return { line: within(at, text.text), column: 1 }
      const exit = at === undefined ? undefined : document()
      return exit !== undefined && Exit.isSuccess(exit) ? exit.value.place(at!) : top
    },
    path: (at) => (typeof at === "object" ? formatPath(at) : "")
  }
}

const nowhere: Place = { line: null, column: null }
const top: Place = { line: 1, column: 1 }

/** A line that the text has. */
const within = (line: number, text: string): number =>
  Number.isInteger(line) && line >= 1 && line <= text.split("\n").length ? line : 1
