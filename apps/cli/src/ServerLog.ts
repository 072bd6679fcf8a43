/** The log of `serve`, on stderr: one line for each request, try of a delivery, change of a key, and message. */
import type { LogEntry, LogLevel } from "@tenterhook/server"
import { type Pen, penFor } from "./terminal/Terminal.ts"
import type { Words } from "./terminal/Words.ts"

export type LogFormat = "text" | "json"

export interface ServerLog {
  /** Logs a message for the operator, as a warning. */
  readonly message: (text: string) => void
  readonly entry: (entry: LogEntry) => void
  /** Writes what is buffered. */
  readonly flush: () => void
}

/**
 * Lines below `--log-level` cost nothing. The others are written together, at most `delayMs` later; warnings at once.
 */
export const serverLog = (words: Words, format: LogFormat, stream: NodeJS.WriteStream = process.stderr): ServerLog => {
  const pen = penFor(stream)
  let buffer = ""
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (buffer !== "") stream.write(buffer)
    buffer = ""
  }
  const write = (level: LogLevel, line: string) => {
    buffer += `${line}\n`
    if (level === "warn" || buffer.length > maxBuffered) flush()
    else timer ??= setTimeout(flush, delayMs).unref()
  }
  const heard = { debug: words.hears("Debug"), info: words.hears("Info"), warn: words.hears("Warn") }

  return {
    message: (text) => {
      if (!heard.warn) return
      const time = new Date().toISOString()
      if (format === "json") write("warn", JSON.stringify({ time, level: "warn", kind: "server", message: text }))
      else write("warn", `${time} ${shownLevel("warn", pen)} server ${text}`)
    },
    entry: (entry) => {
      const { level, kind } = entry
      if (!heard[level]) return
      const time = new Date().toISOString()
      if (format === "json") write(level, JSON.stringify({ time, ...entry }))
      else write(level, `${time} ${shownLevel(level, pen)} ${kind} ${fieldsOf(entry).join(" ")}`)
    },
    flush
  }
}

const fieldsOf = (entry: LogEntry): ReadonlyArray<string> => {
  switch (entry.kind) {
    case "request": {
      const { method, path, status, durationMs, bytes, keyId, peer, requestId, refused, instance } = entry
      const client = `key=${keyId ?? "none"} peer=${peer ?? "unknown"} id=${requestId}`
      const cost = `${durationMs} ms ${bytes} B`
      return [method, path, String(status ?? "aborted"), cost, client, ...named({ refused, instance })]
    }
    case "delivery": {
      const { deliveryId, endpointId, type, attempt, status, error, durationMs, outcome, nextAt } = entry
      const result = status === null ? `error=${JSON.stringify(error)}` : String(status)
      const next = nextAt === null ? [] : [`next=${new Date(nextAt).toISOString()}`]
      return [deliveryId, `to ${endpointId}`, type, `attempt ${attempt}:`, result, `${durationMs} ms`, outcome, ...next]
    }
    case "key": {
      const { change, keyId, name, scopes } = entry
      return [change, keyId, ...named({ name: name ?? undefined }), `scopes=${scopes.join(",")}`]
    }
  }
}

const named = (fields: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${JSON.stringify(value)}`]))

/** Five characters, so that lines stand below each other. */
const shownLevel = (level: LogLevel, pen: Pen): string =>
  level === "warn" ? pen.doubtful("warn ") : level === "debug" ? pen.dim("debug") : "info "

const delayMs = 50
const maxBuffered = 64 * 1024
