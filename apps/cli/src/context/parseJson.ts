/** JSON whose mistakes have a place. */
import { Refusal } from "../Refusal.ts"

/** Refuses with the line and column where the text stops being JSON. */
export const parseJson = (text: string, name: string): unknown => {
  const json = text.replace(/^\uFEFF/, "")
  try {
    return JSON.parse(json)
  } catch (error) {
    const { line, column } = placeOf(json, (error as Error).message)
    throw new Refusal(`${name}:${line}:${column}: not valid JSON: ${whatOf((error as Error).message)}`)
  }
}

const placeOf = (json: string, message: string) => {
  const told = /at position (\d+)/.exec(message)
  const offset = told === null ? firstMistake(json) : Number(told[1])
  const before = json.slice(0, offset)
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") }
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
      /end of JSON|Unterminated/i.test(message) || Number(/at position (\d+)/.exec(message)?.[1]) >= beginning.length
    )
  }
}

const whatOf = (message: string) =>
  message
    .replace(/,? "(?:\.\.\.)?[^]*(?:\.\.\.)?" is not valid JSON$/, "")
    .replace(/ in JSON at position \d+.*$/s, "")
    .replace(/ at position \d+.*$/s, "")
    .replace(/^./, (first) => first.toLowerCase())
