/** One log entry for each request. What only a part of the server knows about a request is noted here until it ends. */
import type { HttpServerRequest } from "effect/http"
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { LogLevel, RequestEntry } from "../watch/LogEntry.ts"

/** For each request that arrives, before anything else is done with it. */
export type BeginRequest = (request: IncomingMessage, response: ServerResponse) => void

export const beginRequest =
  (log: (entry: RequestEntry) => void): BeginRequest =>
  (request, response) => {
    if (notes.has(request)) return
    const note: Note = { keyId: null, requestId: idOf(request.headers["x-request-id"]) }
    notes.set(request, note)
    response.setHeader("x-request-id", note.requestId)
    const { socket } = request
    const peer = socket.remoteAddress ?? null
    const since = performance.now()
    const written = socket.bytesWritten
    response.on("close", () => {
      const path = pathOf(request.url ?? "")
      const status = response.headersSent ? response.statusCode : null
      const { requestId, ...noted } = note
      log({
        kind: "request",
        level: levelOf(path, status),
        method: request.method ?? "",
        path,
        status,
        durationMs: Math.round((performance.now() - since) * 10) / 10,
        bytes: socket.bytesWritten - written,
        peer,
        requestId,
        ...noted
      })
    })
  }

/** Does nothing where requests are not logged, as do the others. */
export const noteKey = (request: HttpServerRequest.HttpServerRequest, keyId: string | null): void => {
  const note = noteOf(request)
  if (note !== undefined) note.keyId = keyId
}

export const noteRefusal = (request: HttpServerRequest.HttpServerRequest, refused: string): void => {
  const note = noteOf(request)
  if (note !== undefined) note.refused = refused
}

export const noteFault = (request: HttpServerRequest.HttpServerRequest, instance: string): void => {
  const note = noteOf(request)
  if (note !== undefined) note.instance = instance
}

export const isLogged = (request: HttpServerRequest.HttpServerRequest): boolean => noteOf(request) !== undefined

interface Note {
  readonly requestId: string
  keyId: string | null
  refused?: string
  instance?: string
}

const notes = new WeakMap<object, Note>()

const noteOf = ({ source }: HttpServerRequest.HttpServerRequest): Note | undefined => notes.get(source)

/** A proxy's own id is kept, so that its log and this one fit together. */
const idOf = (given: string | ReadonlyArray<string> | undefined): string =>
  typeof given === "string" && /^[\w.:+/=-]{1,128}$/.test(given) ? given : randomUUID()

/** A query may hold what does not belong into a log, and so may a path that somebody got wrong. */
const pathOf = (url: string): string => {
  const path = url.split("?", 1)[0]!.slice(0, maxPathLength)
  return path.replaceAll(/\bth_[\w-]{8,}/g, "th_…").replaceAll(/[^\x21-\x7e…]/g, encodeURIComponent)
}

const levelOf = (path: string, status: number | null): LogLevel => {
  if (status === 401 || status === 403 || (status ?? 0) >= 500) return "warn"
  return probes.has(path) ? "debug" : "info"
}

const probes: ReadonlySet<string> = new Set(["/livez", "/readyz"])
const maxPathLength = 500
