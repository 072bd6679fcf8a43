/** JSON whose mistakes have a place, a key that stands twice among them. */
import { duplicateKey, duplicateKeyText, type TextPlace } from "./duplicateKey.ts"

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  | ({ readonly ok: false; readonly path: string; readonly text: string } & TextPlace)

/** The value, or where the text stops being JSON and why. A byte order mark in front is left out. */
export const readJson = (text: string): ReadJson => {
  const json = text.replace(/^\uFEFF/, "")
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    const { message } = error as Error
    return { ok: false, ...placeOf(json, message), path: "", text: `not valid JSON: ${whatOf(message)}` }
  }
  const found = duplicateKey(json)
  return found === undefined
    ? { ok: true, value }
    : { ok: false, ...found.second, path: found.path, text: duplicateKeyText(found.key, found.first) }
}

const placeOf = (json: string, message: string): TextPlace => {
  const told = /at position (\d+)/.exec(message)
  const before = json.slice(0, told === null ? firstMistake(json) : Number(told[1]))
  return { line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") }
}

/**
 * For the messages without a position: the end of the text, or the first character that no valid text could have
 * there: the longest beginning whose only mistake is that it ends too early.
 */
const firstMistake = (json: string): number => {
  let sound = 0
  let broken = json.length + 1
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1
    if (endsTooEarly(json.slice(0, middle))) sound = middle
    else broken = middle
  }
  return sound
}

const endsTooEarly = (beginning: string): boolean => {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const { message } = error as Error
    return (
      /end of JSON|Unterminated|Unexpected EOF/i.test(message) ||
      Number(/at position (\d+)/.exec(message)?.[1]) >= beginning.length
    )
  }
}

const whatOf = (message: string) =>
  message
    .replace(/,? "(?:\.\.\.)?[^]*(?:\.\.\.)?" is not valid JSON$/, "")
    .replace(/ in JSON at position \d+.*$/s, "")
    .replace(/ at position \d+.*$/s, "")
    .replace(/^./, (first) => first.toLowerCase())
