/** What loading finds in a native config: problems, which refuse it, and notices for its owner. */
import type { ConfigProblem, LoadNotice } from "@tenterhook/core"
import {
  type ConfigPath,
  type Document,
  keyNoticeAt,
  keyProblemAt,
  noticeAt,
  problemAt,
  unknownText
} from "../config/Document.ts"

export interface Findings {
  readonly document: Document
  /** Whether unknown keys, events and context paths are notices, for a file of a newer version. */
  readonly lenient: boolean
  readonly problems: Array<ConfigProblem>
  readonly notices: Array<LoadNotice>
}

/** A word that native does not have: a problem, or a notice where the config is read leniently. */
export const noteUnknown = (
  findings: Findings,
  path: ConfigPath,
  text: string,
  at: "key" | "value" = "value"
): void => {
  const { document, lenient, problems, notices } = findings
  if (lenient) notices.push((at === "key" ? keyNoticeAt : noticeAt)(document, path, text))
  else problems.push((at === "key" ? keyProblemAt : problemAt)(document, path, text))
}

/** The unknown keys of a map. A key that begins with `x-` is free; `meant` translates words of other products. */
export const noteUnknownKeys = (
  findings: Findings,
  path: ConfigPath,
  value: unknown,
  known: ReadonlyArray<string>,
  meant: (key: string) => string | undefined = () => undefined
): void => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return
  const unknown = Object.entries(value).flatMap(([key, of]) =>
    known.includes(key) || key.startsWith("x-") || of === undefined ? [] : [key]
  )
  for (const key of unknown.slice(0, shownKeys)) {
    const word = meant(key)
    const isWord = word !== undefined && known.includes(word)
    const text = isWord ? `unknown key "${key}"; did you mean "${word}"?` : unknownKey(key, known)
    noteUnknown(findings, [...path, key], text, "key")
  }
  const left = unknown.length - shownKeys
  if (left > 0) noteUnknown(findings, [...path, unknown[shownKeys]!], `and ${left} more unknown keys`, "key")
}

/** Of one map. */
const shownKeys = 20

const unknownKey = (key: string, known: ReadonlyArray<string>) => {
  const text = unknownText("key", key, known)
  return text.includes("did you mean") ? text : `${text}; a key of your own begins with x-`
}
