/** Deadlines that were probably meant in another unit. */
import { formatDuration } from "../duration.ts"
import { isTold, type Rule } from "./Finding.ts"

export const timeUnit: Rule = (subject) => {
  const { set, hook, text } = subject
  const { timeoutMs } = hook
  if (isTold(subject, /timeout/)) return []
  if (timeoutMs <= 0) return [`its timeout is ${timeoutMs / 1000} s: it ends at once, before it can do anything`]
  const unit = units[set.dialect]
  if (unit === "s" && timeoutMs >= 1_000_000 && isBare(timeoutMs / 1000, text)) {
    const seconds = timeoutMs / 1000
    return [
      `its timeout is in seconds: ${seconds} is ${formatDuration(timeoutMs)}; for ${seconds} ms write ${Math.max(1, Math.round(seconds / 1000))}`
    ]
  }
  if (unit === "ms" && timeoutMs < 1000 && isBare(timeoutMs, text)) {
    return [
      `its timeout is in milliseconds: ${timeoutMs} is ${formatDuration(timeoutMs)}; for ${timeoutMs} s write ${timeoutMs * 1000}`
    ]
  }
  return []
}

/** The unit of a number without one. Dialects that always ask for a unit are not listed. */
const units: Readonly<Record<string, "s" | "ms">> = { wegent: "s", errata: "s", oats: "s", youbencha: "ms" }

/** Whether the config says the number without a unit; where there is no text, it could not have one. */
const isBare = (number: number, text: string | null) =>
  text === null ||
  new RegExp(`timeout\\w{0,20}["']?\\s{0,99}[:=]\\s{0,99}["']?${number}["']?\\s{0,99}(?:[,}\\])#\\r\\n]|$)`, "i").test(
    text
  )
