/** Go's durations as text: `30s`, `1m30s`, `1.5h`, `-5s`, `0`. */

export type Duration = { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly why: string }

/** Reads what Go's `time.ParseDuration` reads; the reason is in its words. */
export const parseDuration = (text: string): Duration => {
  const [, sign, rest] = /^([+-]?)([^]*)$/.exec(text)!
  if (rest === "0") return { ok: true, ms: 0 }
  if (rest === "") return refused(`invalid duration ${JSON.stringify(text)}`)
  let ms = 0
  let at = 0
  while (at < rest!.length) {
    part.lastIndex = at
    const [whole, count, unit] = part.exec(rest!)!
    if (!/\d/.test(count!)) return refused(`invalid duration ${JSON.stringify(text)}`)
    if (unit === "") return refused(`missing unit in duration ${JSON.stringify(text)}`)
    const unitMs = units.get(unit!)
    if (unitMs === undefined) return refused(`unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    ms += Number(count) * unitMs
    at += whole.length
  }
  if (ms > maxMs) return refused(`invalid duration ${JSON.stringify(text)}`)
  return { ok: true, ms: sign === "-" ? -ms : ms }
}

const part = /(\d*(?:\.\d*)?)([^\d.]*)/y

const units = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["\u00b5s", 1e-3],
  ["\u03bcs", 1e-3],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000]
])

/** 2^63 nanoseconds, where Go overflows. */
const maxMs = 2 ** 63 / 1e6

const refused = (why: string): Duration => ({ ok: false, why })
