/** Times as people write them. */

/** `1m30s` in milliseconds; null where the text is no time with units. */
export const parseDuration = (text: string): number | null => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return null
  let sum = 0
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(number) * units[unit as keyof typeof units]
  }
  return sum <= longest ? sum : null
}

/** Milliseconds in the unit that reads best: `4 ms`, `1.5 s`, `2 min`. */
export const formatDuration = (milliseconds: number): string => {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 120_000) return `${rounded(milliseconds / 1000)} s`
  if (milliseconds < 7_200_000) return `${rounded(milliseconds / 60_000)} min`
  return `${rounded(milliseconds / 3_600_000)} h`
}

const rounded = (number: number) => String(Math.round(number * 10) / 10)
const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
/** What a timer can hold. */
const longest = 2 ** 31 - 1
