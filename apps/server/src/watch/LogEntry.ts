/** What the server logs beside messages: requests, tries of deliveries, changes of keys. One entry is one line. */

export type LogEntry = RequestEntry | TryEntry | KeyEntry

export type LogLevel = "debug" | "info" | "warn"

/** One request, written when its response has ended or its client has gone. */
export interface RequestEntry {
  readonly kind: "request"
  /** `debug`: a health probe that succeeded; `warn`: 401, 403 and 5xx; otherwise `info`. */
  readonly level: LogLevel
  readonly method: string
  /** Without the query; what looks like a key is masked. */
  readonly path: string
  /** Null: the client closed the connection before there was a response. */
  readonly status: number | null
  readonly durationMs: number
  /** Bytes written to the connection, headers included. */
  readonly bytes: number
  /** Id of the key; null for a request without a key, or with one that is unknown. */
  readonly keyId: string | null
  /** Address of the client, or of the proxy in front. */
  readonly peer: string | null
  /** The response's header `x-request-id`: the request's own, or a new UUID. */
  readonly requestId: string
  /** Why it was refused with 401 or 403. */
  readonly refused?: string
  /** `instance` of the response where the server failed; the message with the cause has it too. */
  readonly instance?: string
}

/** One try of one delivery. */
export interface TryEntry {
  readonly kind: "delivery"
  /** `warn` where it failed. */
  readonly level: LogLevel
  readonly deliveryId: string
  readonly endpointId: string
  readonly type: string
  /** From 1. */
  readonly attempt: number
  /** HTTP status; null where there was no response, and `error` is the reason. */
  readonly status: number | null
  readonly error: string | null
  readonly durationMs: number
  /** Of the delivery, after this try. */
  readonly outcome: "pending" | "delivered" | "failed" | "held"
  /** When the next try is due, in epoch milliseconds; null if there is none. */
  readonly nextAt: number | null
}

/** A key was created or revoked, by this process or by another one: noticed within a second. */
export interface KeyEntry {
  readonly kind: "key"
  readonly level: LogLevel
  readonly change: "created" | "revoked"
  readonly keyId: string
  readonly name: string | null
  readonly scopes: ReadonlyArray<string>
}
