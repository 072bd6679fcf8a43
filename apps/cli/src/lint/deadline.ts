/** Deadlines that look like another unit. */
import type { Hook } from "@tenterhook/core"
import { formatDuration } from "../duration.ts"

export const deadlineRemark = ({ timeoutMs }: Hook): string | null => {
  if (timeoutMs <= 0) return "its deadline is 0 or less: it is ended before it starts"
  if (timeoutMs < shortestMs) return `its deadline is ${formatDuration(timeoutMs)}; was it meant in seconds?`
  if (Number.isFinite(timeoutMs) && timeoutMs >= longestMs) {
    return `its deadline is ${formatDuration(timeoutMs)}; was it meant in milliseconds?`
  }
  return null
}

const shortestMs = 100
/** A thousand seconds: what a second becomes when milliseconds are written where seconds are read. */
const longestMs = 1_000_000
