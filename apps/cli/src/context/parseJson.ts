/** JSON whose mistakes have a place. */
import { readJson } from "@tenterhook/core"
import { Refusal } from "../Refusal.ts"

/** Refuses with the line and column where the text stops being JSON, or where a key stands a second time. */
export const parseJson = (text: string, name: string): unknown => {
  const read = readJson(text)
  if (read.ok) return read.value
  const path = read.path === "" ? "" : `${read.path}: `
  throw new Refusal(`${name}:${read.line}:${read.column}: ${path}${read.text}`)
}
