/** Sets of characters: sorted, disjoint ranges of code points, or of code units where a pattern is not in Unicode mode. */

export type CharSet = ReadonlyArray<readonly [first: number, last: number]>

export const single = (first: number, last = first): CharSet => [[first, last]]

export const union = (...sets: ReadonlyArray<CharSet>): CharSet => {
  const merged: Array<[number, number]> = []
  for (const [first, last] of sets.flat().toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else merged.push([first, last])
  }
  return merged
}

/** Everything up to `max` that is not in the set. */
export const complement = (set: CharSet, max: number): CharSet => {
  const rest: Array<[number, number]> = []
  let next = 0
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1])
    next = last + 1
  }
  if (next <= max) rest.push([next, max])
  return rest
}

export const intersection = (a: CharSet, b: CharSet): CharSet =>
  a.flatMap(([first, last]) =>
    b.flatMap(([low, high]): CharSet => {
      const from = Math.max(first, low)
      const to = Math.min(last, high)
      return from <= to ? [[from, to]] : []
    })
  )

export const difference = (set: CharSet, without: CharSet): CharSet =>
  intersection(set, complement(without, maxCodePoint))

export const maxCodeUnit = 0xffff
export const maxCodePoint = 0x10ffff

/** JavaScript's `\d`, `\w` (without the flags i and u together), `\s`, and what `.` does not match. */
export const digits: CharSet = [[0x30, 0x39]]
export const wordCharacters: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a]
]
export const spaces: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff]
]
export const lineTerminators: CharSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029]
]
export const ascii: CharSet = [[0, 0x7f]]
