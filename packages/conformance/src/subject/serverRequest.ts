/** Requests to a server that speaks JSON, and what it refuses in words. */

export interface ServerPlace {
  /** `http://127.0.0.1:4700`; a path behind it is kept. */
  readonly url: string
  /** Sent as a bearer key. */
  readonly key?: string
}

/** Gives the answer's JSON, null where there is none. Rejects with `Refused` for any other status than the expected. */
export type ServerRequest = (
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  options: { readonly status: number; readonly body?: unknown; readonly signal?: AbortSignal }
) => Promise<unknown>

/** An answer with another status than the one that was expected. */
export class Refused extends Error {
  readonly status: number
  readonly problem: Problem

  constructor(message: string, status: number, problem: Problem) {
    super(message)
    this.status = status
    this.problem = problem
  }
}

/** What a problem document (RFC 9457) may say. Nothing of it is sure to be there. */
export interface Problem {
  readonly title?: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<{
    /** Of a config the place in it, as `hooks[0].timeout`. */
    readonly field?: string
    readonly message?: string
    readonly file?: string | null
    readonly line?: number | null
    readonly column?: number | null
  }>
}

export const serverRequest = ({ url, key }: ServerPlace): ServerRequest => {
  const base = url.replace(/\/+$/, "")
  return async (method, path, { status, body, signal }) => {
    const what = `${method} ${path}`
    const { answered, text } = await send(what, base + path, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal })
    })
    const value = text === "" ? null : parse(text)
    if (answered !== status) {
      const problem = (typeof value === "object" && value !== null ? value : {}) as Problem
      throw new Refused(`${what}: ${wordsOf(status, answered, problem, text)}`, answered, problem)
    }
    if (value === undefined) throw new Error(`${what}: expected JSON, got ${JSON.stringify(text.slice(0, excerpt))}`)
    return value
  }
}

const send = async (what: string, url: string, init: RequestInit) => {
  try {
    const response = await fetch(url, init)
    return { answered: response.status, text: await response.text() }
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error && cause.message !== "" ? cause.message : message
    throw new Error(`${what}: no answer from ${url}: ${why}`)
  }
}

/** `expected status 200, got 403: the key lacks a scope`, and a line for each field that is named. */
const wordsOf = (expected: number, status: number, { title, detail, errors = [] }: Problem, text: string) => {
  const said = detail ?? title ?? text.slice(0, excerpt)
  const fields = errors.map(({ field = "", message = "" }) => `  ${field === "" ? "" : `${field}: `}${message}`)
  return [`expected status ${expected}, got ${status}${said === "" ? "" : `: ${said}`}`, ...fields].join("\n")
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const excerpt = 300
