/** Chance that repeats: the same seed gives the same junk, so a failure found today is found tomorrow. */

export interface Chance {
  /** A whole number from 0, less than the limit. */
  readonly below: (limit: number) => number
  readonly pick: <A>(from: ReadonlyArray<A>) => A
}

export const chance = (seed: number): Chance => {
  let state = seed >>> 0
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
  return { below, pick: (from) => from[below(from.length)]! }
}

/** A text with a few things wrong: pieces cut, doubled, swapped, or junk put in. */
export const damagedText = (text: string, { below, pick }: Chance): string => {
  let damaged = text
  for (let times = 1 + below(3); times > 0; times--) {
    const from = below(damaged.length + 1)
    const to = Math.min(damaged.length, from + below(12))
    const [before, piece, after] = [damaged.slice(0, from), damaged.slice(from, to), damaged.slice(to)]
    damaged = pick([
      before + after,
      before + piece + piece + after,
      before + pick(junkText) + after,
      before,
      before + after + piece
    ])
  }
  return damaged
}

/** A value with one part of it replaced by junk, removed, or given a key that nobody knows. */
export const damagedValue = (value: unknown, luck: Chance): unknown => {
  const { below, pick } = luck
  if (below(4) === 0 || typeof value !== "object" || value === null) return pick(junkValues)()
  if (Array.isArray(value)) {
    if (value.length === 0) return [pick(junkValues)()]
    const at = below(value.length)
    return value.map((item, index) => (index === at ? damagedValue(item, luck) : item))
  }
  const keys = Object.keys(value)
  if (keys.length === 0 || below(8) === 0)
    return { ...value, [pick(["unknown", "__proto__", "constructor", ""])]: pick(junkValues)() }
  const at = pick(keys)
  const { [at]: part, ...rest } = value as Record<string, unknown>
  return below(6) === 0 ? rest : { ...rest, [at]: damagedValue(part, luck) }
}

export const junkText = [
  "",
  "\0",
  "\uFEFF",
  "\n",
  "\r\n",
  "\t",
  " ",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  `"`,
  "'",
  "`",
  "#",
  "---\n",
  "&a",
  "*a",
  "<<:",
  "!!binary x",
  "null",
  "true",
  "-1",
  "1e999",
  "0x10",
  ".inf",
  "${X}",
  "$&",
  "\\",
  "\uD800",
  "🧵",
  "../../etc",
  "[".repeat(2000)
]

/** Made afresh each time: a subject may change what it is given. */
export const junkValues: ReadonlyArray<() => unknown> = [
  () => null,
  () => undefined,
  () => true,
  () => 0,
  () => -1,
  () => 1.5,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 1e308,
  () => "",
  () => " ",
  () => "\0",
  () => "text",
  () => "x".repeat(100_000),
  () => "\uD800",
  () => "[a-",
  () => "(((((",
  () => [],
  () => [null],
  () => [[[[]]]],
  () => ({}),
  () => ({ unknown: 1 }),
  () => ({ hooks: [null] }),
  () => JSON.parse(`{"__proto__": {"polluted": 1}}`),
  () => 10n,
  () => Symbol("junk"),
  () => () => {},
  () => new Date(0),
  () => new Map([["a", 1]]),
  () => {
    const circle: Record<string, unknown> = {}
    circle["self"] = circle
    return circle
  }
]

export const junkBytes: ReadonlyArray<Uint8Array> = [
  new Uint8Array(0),
  Uint8Array.from([0]),
  Uint8Array.from([0xff, 0xfe, 0xfd]),
  Uint8Array.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  ...[
    "\n",
    " ",
    "{}",
    "[]",
    "null",
    "true",
    "1",
    `""`,
    "{",
    `{"a":`,
    `{"action":null}`,
    `{"decision":1}`,
    "NaN",
    "[".repeat(10_000),
    "text",
    `{"__proto__":{"polluted":1}}`
  ].map((text) => Buffer.from(text))
]
