/** What the command line says beside its data, by `--log-level`. */
import type { LogLevel } from "effect/LogLevel"
import { penFor, say } from "./Terminal.ts"

export interface Words {
  readonly error: (text: string) => void
  readonly warn: (text: string) => void
  readonly info: (text: string) => void
  readonly hears: (level: LogLevel) => boolean
}

/** Without a level: information and above. */
export const wordsAt = (level: LogLevel = "Info"): Words => {
  const hears = (asked: LogLevel) => order.indexOf(asked) >= order.indexOf(level)
  const pen = penFor(process.stderr)
  return {
    hears,
    error: (text) => hears("Error") && say(`${pen.bad("tenterhook:")} ${text}`),
    warn: (text) => hears("Warn") && say(`${pen.doubtful("warning:")} ${text}`),
    info: (text) => hears("Info") && say(pen.dim(text))
  }
}

const order: ReadonlyArray<LogLevel> = ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"]
