/** One line on a terminal's stderr that says what is waited for, after a second, and is gone afterwards. */

export interface Progress {
  /** What is being done now; null for nothing. */
  readonly at: (text: string | null) => void
  /** Takes the line away. */
  readonly clear: () => void
}

export const startProgress = (stream: NodeJS.WriteStream = process.stderr): Progress => {
  if (stream.isTTY !== true) return silent
  const started = performance.now()
  let doing: string | null = null
  let shown = false
  const clear = () => {
    if (shown) stream.write(erase)
    shown = false
  }
  const tick = () => {
    clear()
    if (doing === null) return
    const line = `… ${doing} (${Math.round((performance.now() - started) / 1000)} s)`
    stream.write(line.slice(0, (stream.columns || 80) - 1))
    shown = true
  }
  const timer = setInterval(tick, 1000)
  timer.unref()
  return {
    at: (text) => {
      doing = text
      if (shown) tick()
    },
    clear: () => {
      clearInterval(timer)
      clear()
    }
  }
}

const silent: Progress = { at: () => {}, clear: () => {} }
const erase = "\r\u001b[2K"
