/** Times as a native config writes them: numbers with their units, so that nobody has to guess one. */

/** Milliseconds; `none` is Infinity. A text that `durationProblem` refuses gives NaN. */
export const durationMs = (text: string): number => {
  if (text === "none") return Number.POSITIVE_INFINITY
  if (!shape.test(text)) return Number.NaN
  return partsOf(text).reduce((total, [amount, unit]) => total + amount * unitMs[unit], 0)
}

/** What is wrong with a time and what would be right; undefined where nothing is. */
export const durationProblem = (text: string): string | undefined => {
  if (text.length > maxLength) return timeForm
  const number = /^\s*(\d+(?:\.\d+)?)\s*$/.exec(text)?.[1]
  if (number !== undefined) return `a time needs its unit: write ${number}s or ${number}ms`
  const ms = durationMs(text)
  if (Number.isNaN(ms)) {
    if (unordered.test(text)) return `${timeForm}; each unit once, the largest first`
    const meant = meantBy(text)
    return meant === undefined ? timeForm : `${timeForm}; write ${meant}`
  }
  if (ms <= 0) return "a hook needs some time: a timeout of nothing would end it before it starts"
  if (ms < 1) return "the shortest time is 1ms"
  if (Number.isFinite(ms) && ms > longestMs)
    return `the longest time is ${longestMs / unitMs.h}h; write none for no limit`
  return undefined
}

/** Why a deadline was probably meant in another unit; undefined where it was not. */
export const durationDoubt = (text: string): string | undefined => {
  const ms = durationMs(text)
  if (Number.isNaN(ms)) return undefined
  const [[amount, unit] = [0, "h"], ...rest] = partsOf(text)
  if (ms < shortestUsualMs) {
    const meant = unit === "ms" && rest.length === 0 ? `; did you mean ${amount}s?` : ""
    return `a deadline of ${text} is hardly enough to start a process${meant}`
  }
  const isOther = rest.length === 0 && ((unit === "s" && amount >= 1_000) || (unit === "m" && amount >= 300))
  return isOther ? `a deadline of ${text} is ${inWords(ms)}; did you mean ${amount}ms?` : undefined
}

export const timeForm = "expected a time with its unit: 500ms, 5s, 1m30s, 2h, or none"

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
type Unit = keyof typeof unitMs

/** For editors; `durationProblem` is stricter. */
export const durationPattern =
  "^(?:none|(?=\\d)(?:\\d+(?:\\.\\d+)?h)?(?:\\d+(?:\\.\\d+)?m(?!s))?(?:\\d+(?:\\.\\d+)?s)?(?:\\d+(?:\\.\\d+)?ms)?)$"

/** Timers of JavaScript hold 31 bits of milliseconds. */
const longestMs = 500 * unitMs.h
/** A process needs some milliseconds to start, and more on a busy machine. */
const shortestUsualMs = 100

const maxLength = 200
const number = String.raw`\d{1,9}(?:\.\d{1,6})?`
const shape = new RegExp(`^(?=\\d)(?:${number}h)?(?:${number}m(?!s))?(?:${number}s)?(?:${number}ms)?$`)
const unordered = new RegExp(`^(?:${number}(?:ms|s|m|h)){2,8}$`)

const partsOf = (text: string): ReadonlyArray<readonly [amount: number, unit: Unit]> =>
  [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].map(([, amount, unit]) => [Number(amount), unit as Unit] as const)

/** `5 minutes`, `1 min 30 sec` or `PT5S` as native writes it; undefined for what is no time at all. */
const meantBy = (text: string): string | undefined => {
  const parts = [...text.replace(/^\s*PT/i, "").matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]+)/gi)]
  const left = text.replace(/^\s*PT/i, "").replace(/(\d+(?:\.\d+)?)\s*([a-zµ]+)|\band\b|[\s,]/gi, "")
  if (parts.length === 0 || left !== "") return undefined
  const written = parts.map(([, amount, unit]) => writtenIn(amount!, unit!.toLowerCase())).join("")
  return shape.test(written) ? written : undefined
}

const writtenIn = (amount: string, unit: string): string => {
  if (/^d(?:ays?)?$/.test(unit)) return `${Number(amount) * 24}h`
  return `${amount}${words.find(([word]) => word.test(unit))?.[1] ?? "?"}`
}

const words: ReadonlyArray<readonly [word: RegExp, unit: Unit]> = [
  [/^(?:ms|msecs?|millis?|milliseconds?)$/, "ms"],
  [/^(?:s|secs?|seconds?)$/, "s"],
  [/^(?:m|mins?|minutes?)$/, "m"],
  [/^(?:h|hrs?|hours?)$/, "h"]
]

const inWords = (ms: number): string => {
  const minutes = Math.floor(ms / unitMs.m)
  const hours = Math.floor(minutes / 60)
  const parts = [hours > 0 ? `${hours}h` : "", minutes % 60 > 0 ? `${minutes % 60}m` : ""]
  const seconds = Math.round((ms % unitMs.m) / 1000)
  return [...parts, seconds > 0 ? `${seconds}s` : ""].join("")
}
