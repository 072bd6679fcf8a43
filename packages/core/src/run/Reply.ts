import type { Notice } from "./Outcome.ts"

/** What an action left behind, the same shape for every adapter. It does not judge: exit code 2 is a reply. */
export interface Reply {
  /** The exit code; null if a signal came first, or where there is no such thing (an HTTP status stands in `value`). */
  readonly status: number | null
  readonly signal: string | null
  /** What it said: stdout, a response body. Bounded; head and tail are kept. */
  readonly output: Uint8Array
  /** What it said beside that: stderr. Bounded likewise. */
  readonly diagnostics: Uint8Array
  /** The structured value of a tool or function. */
  readonly value?: unknown
  /** Whether output or diagnostics were cut. */
  readonly truncated: boolean
  /** Whether a JSON object may have begun in what was cut from the output: a `{` was there. Absent: not known. */
  readonly cutObjects?: boolean
  /** Processes that it left running on purpose. */
  readonly leftRunning: number
  /** What the hook's owner should read about how it was executed. Of a failed hook they are part of the message. */
  readonly notices?: ReadonlyArray<Notice>
}

export const emptyReply: Reply = {
  status: null,
  signal: null,
  output: new Uint8Array(0),
  diagnostics: new Uint8Array(0),
  truncated: false,
  leftRunning: 0
}

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })

/** Bytes as text; what is not UTF-8 is replaced. A byte order mark stays. */
export const textOf = (bytes: Uint8Array): string => (bytes.length === 0 ? "" : decoder.decode(bytes))
