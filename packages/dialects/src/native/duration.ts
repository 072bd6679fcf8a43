/** Times as a native config writes them: a number with its unit, so that nobody has to guess it. */

/** Milliseconds; `none` is Infinity. A text that `durationProblem` refuses gives NaN. */
export const durationMs = (text: string): number => {
  if (text === "none") return Number.POSITIVE_INFINITY
  if (!shape.test(text)) return Number.NaN
  let total = 0
  for (const [, amount, unit] of text.matchAll(part)) total += Number(amount) * unitMs[unit as Unit]
  return total
}

/** What is wrong with a time and what would be right; undefined where nothing is. */
export const durationProblem = (text: string): string | undefined => {
  const number = text.match(/^\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*$/i)
  if (number !== null && number[2] === "") return `a time needs its unit: write ${number[1]}s or ${number[1]}ms`
  const ms = durationMs(text)
  if (Number.isNaN(ms)) {
    const meant = number === null ? undefined : meantUnit[number[2]!.toLowerCase()]
    return meant === undefined ? timeForm : `${timeForm}; write ${number![1]}${meant}`
  }
  if (ms <= 0) return "a hook needs some time: a timeout of nothing would end it before it starts"
  if (ms < 1) return "the shortest time is 1ms"
  if (Number.isFinite(ms) && ms > longestMs)
    return `the longest time is ${longestMs / unitMs.h}h; write none for no limit`
  return undefined
}

export const timeForm = "expected a time with its unit: 500ms, 5s, 1m30s, 2h, or none"

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
type Unit = keyof typeof unitMs

/** For editors; `durationProblem` is stricter. */
export const durationPattern = "^(?:none|(?:\\d+(?:\\.\\d+)?(?:ms|s|m|h))+)$"

/** Timers of JavaScript hold 31 bits of milliseconds. */
const longestMs = 500 * unitMs.h
const shape = /^(?:\d{1,9}(?:\.\d{1,6})?(?:ms|s|m|h)){1,4}$/
const part = /(\d+(?:\.\d+)?)(ms|s|m|h)/g

const meantUnit: Readonly<Record<string, Unit>> = {
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  ms: "ms",
  s: "s",
  m: "m",
  h: "h",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  hr: "h",
  hour: "h",
  hours: "h",
  milli: "ms",
  millis: "ms",
  msec: "ms",
  millisecond: "ms",
  milliseconds: "ms"
}
