/** A config's text once it is read: its value, and where each key and value of it stands. */
import type { ConfigPath, Place } from "./Document.ts"

/** What the reader of a syntax makes of a text. */
export interface SourceText {
  readonly value: unknown
  /** The offset at which the value starts. */
  readonly start: number
  readonly spots: Spots
}

/** The offsets of what stands in each object and list of a value. Objects that an alias shares have their own places. */
export type Spots = WeakMap<object, ReadonlyMap<string | number, Spot>>

export interface Spot {
  /** Of a list's element both are the same. */
  readonly key: number
  readonly value: number
}

/** Where a text breaks the rules of its syntax. */
export interface Fault {
  readonly offset: number
  readonly path: ConfigPath
  readonly text: string
}

/** Lines and columns from 1 of offsets in a text. */
export const linesOf = (text: string): ((offset: number) => Place & { line: number; column: number }) => {
  const starts = [0]
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}

/** The spot of a path, or of the nearest value above where it is absent. */
export const spotOf = ({ value, start, spots }: SourceText, path: ConfigPath): Spot => {
  let at: unknown = value
  let spot: Spot = { key: start, value: start }
  for (const key of path) {
    if (typeof at !== "object" || at === null) break
    const next = spots.get(at)?.get(key)
    if (next === undefined) break
    spot = next
    at = (at as Record<string | number, unknown>)[key]
  }
  return spot
}

/** Sets a key that may be `__proto__`. */
export const setKey = (record: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === "__proto__") {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  } else record[key] = value
}
