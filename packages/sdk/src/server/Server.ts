/** One server over HTTP: JSON goes there, JSON comes back, and what went wrong is an error that says so. */
import { setTimeout as pause } from "node:timers/promises"
import { InvalidConnection, type ProblemDocument, ServerRefused, ServerUnreachable } from "./ServerError.ts"

export interface Server {
  readonly url: string
  /**
   * Rejects with `ServerRefused`, with `ServerUnreachable`, or with the reason of a signal that aborted.
   * `once` is sent again only while nobody listens there, for 2 seconds. `surely` is sent again, with the same
   * `Idempotency-Key`, whenever it is not known to have been done, for 30 seconds after it first failed.
   */
  readonly post: (path: string, body: object, how: Post) => Promise<unknown>
}

export interface Post {
  readonly send: "once" | "surely"
  readonly signal?: AbortSignal
}

export const openServer = ({ url, key }: { readonly url: string; readonly key?: string | undefined }): Server => {
  const base = baseOf(url)
  const headers = {
    "content-type": "application/json",
    accept: "application/json, application/problem+json",
    ...(key === undefined ? {} : { authorization: `Bearer ${checkedKey(key)}` })
  }

  const post: Server["post"] = async (path, body, { send, signal }) => {
    const request: RequestInit = {
      method: "POST",
      body: textOf(body),
      headers: send === "surely" ? { ...headers, "idempotency-key": crypto.randomUUID() } : headers,
      redirect: "manual",
      ...(signal === undefined ? {} : { signal })
    }
    let failedFirst: number | undefined
    for (let failures = 0; ; failures++) {
      try {
        return await answerOf(`${base}${path}`, request)
      } catch (error) {
        signal?.throwIfAborted()
        const failure = error instanceof Failure ? error : new Failure(error as Error, "answered")
        failedFirst ??= performance.now()
        const waitMs = failure.waitMs ?? Math.min(firstWaitMs * 2 ** failures, longestWaitMs)
        const late = performance.now() + waitMs > failedFirst + patienceMs[send]
        if (late || !againAfter[send].includes(failure.after)) throw failure.told(base)
        await pause(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
        signal?.throwIfAborted()
      }
    }
  }
  return { url: base, post }
}

/** What became of one request: it never left, it left and no answer came, the server could not now, or it answered. */
type After = "unsent" | "unanswered" | "busy" | "answered"

const againAfter: Readonly<Record<Post["send"], ReadonlyArray<After>>> = {
  once: ["unsent"],
  surely: ["unsent", "unanswered", "busy"]
}
const patienceMs: Readonly<Record<Post["send"], number>> = { once: 2000, surely: 30_000 }
const firstWaitMs = 100
const longestWaitMs = 3000

class Failure extends Error {
  readonly why: string | Error
  readonly after: After
  /** What the server asks to wait. */
  readonly waitMs: number | undefined

  constructor(why: string | Error, after: After, waitMs?: number) {
    super()
    this.why = why
    this.after = after
    this.waitMs = waitMs
  }

  told(url: string): Error {
    return typeof this.why === "string" ? new ServerUnreachable(url, this.why) : this.why
  }
}

const answerOf = async (url: string, request: RequestInit): Promise<unknown> => {
  let response: Response
  let text: string
  try {
    response = await fetch(url, request)
    text = await response.text()
  } catch (error) {
    throw brokenOff(error)
  }
  const value = jsonOf(text)
  if (response.ok && value !== undefined) return value
  if (response.ok)
    throw new Failure("what answers there is not a Tenterhook server: its answer is not JSON", "answered")
  const problem = problemOf(response, value)
  throw new Failure(new ServerRefused(problem), isBusy(problem) ? "busy" : "answered", waitOf(response))
}

/** The code is in the cause on Node, in the error itself on bun, and only in the words of the cause on deno. */
const brokenOff = (error: unknown): Failure => {
  const { cause, code: own } = error as { readonly cause?: Partial<NodeJS.ErrnoException>; readonly code?: unknown }
  const message = cause?.message ?? (error instanceof Error ? error.message : error)
  const code = String(cause?.code ?? own ?? codeIn(String(message)))
  if (code === "ECONNREFUSED") return new Failure("nobody listens there (connection refused)", "unsent")
  return new Failure(reasons[code] ?? (String(message) || code), "unanswered")
}

const codeIn = (message: string): string =>
  /connection refused/i.test(message) ? "ECONNREFUSED" : /connection closed/i.test(message) ? "ECONNRESET" : ""

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be looked up now",
  ECONNRESET: "the connection broke before the answer came",
  UND_ERR_SOCKET: "the connection broke before the answer came",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "no answer came within 5 minutes"
}

/** Overloaded or about to end, also by the word of a proxy; or still at work on this very request. */
const isBusy = ({ status, errors }: ProblemDocument): boolean =>
  [429, 502, 503, 504].includes(status) ||
  (status === 409 && errors.some(({ field }) => /^headers\.idempotency-key$/i.test(field)))

const waitOf = (response: Response): number | undefined => {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

const problemOf = (response: Response, value: unknown): ProblemDocument => {
  const { status } = response
  if (isProblem(value)) return { ...value, status, errors: value.errors ?? [] }
  const place = response.headers.get("location")
  const detail =
    status >= 300 && status < 400
      ? `the server sends elsewhere${place === null ? "" : `: name ${place} itself`}`
      : `${`${status} ${response.statusText}`.trim()}, without a word why; is this a Tenterhook server?`
  return { type: "about:blank", title: detail, status, detail, errors: [] }
}

const isProblem = (value: unknown): value is Omit<ProblemDocument, "errors"> & Partial<ProblemDocument> =>
  typeof value === "object" &&
  value !== null &&
  "title" in value &&
  (!("errors" in value) || Array.isArray(value.errors))

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const textOf = (body: object): string => {
  try {
    return JSON.stringify(body)
  } catch (error) {
    throw new InvalidConnection(
      `what is to be fired cannot be sent as JSON: ${(error as Error).message.split("\n")[0]}`
    )
  }
}

const baseOf = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || `${parsed.search}${parsed.hash}` !== "") {
    throw new InvalidConnection(`the server's URL: expected http:// or https:// and a place, got "${url}"`)
  }
  if (`${parsed.username}${parsed.password}` !== "") {
    throw new InvalidConnection("the server's URL has a user or a password; a key goes beside the URL")
  }
  return parsed.href.replace(/\/+$/, "")
}

const checkedKey = (key: string): string => {
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new InvalidConnection("the server's key: expected letters, digits and signs without blanks, as th_…")
}
