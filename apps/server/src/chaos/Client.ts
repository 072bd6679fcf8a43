/** Asks over HTTP as a careful host does: again with the same key, there or at another server, until there is an answer. */
import { request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"

export interface Client {
  /** Rejects where the answer is no success. */
  readonly ask: <A>(method: "GET" | "POST" | "PUT", path: string, body?: unknown, key?: string) => Promise<A>
  /** The next answer, whatever it is. */
  readonly answered: () => Promise<void>
  /** Requests that were sent, and how many of them again. */
  readonly figures: { requests: number; repeats: number }
  /** Keys of requests that were sent again. */
  readonly repeated: ReadonlySet<string>
  /** A request with a key that was first sent before the time (of `performance.now`) and has no answer yet. */
  readonly oldest: (before: number) => string | null
  /** From now on nothing is asked any more. */
  readonly stop: () => void
}

export interface ClientOptions {
  /** After how long without an answer it is asked again. Default: 30 000. */
  readonly longestMs?: number
}

/** Each request goes to the next of the servers. `token` is asked for at each: the first one waits for the first start. */
export const makeClient = (
  urls: ReadonlyArray<string>,
  token: () => string,
  { longestMs = 30_000 }: ClientOptions = {}
): Client => {
  const figures = { requests: 0, repeats: 0 }
  const repeated = new Set<string>()
  const open = new Map<string, number>()
  const stopped = new AbortController()
  let waiting: Array<() => void> = []
  let turn = 0

  const once = (url: string, method: string, path: string, body: unknown, key: string | undefined) =>
    new Promise<{ readonly status: number; readonly text: string }>((done, failed) => {
      const headers = {
        authorization: `Bearer ${token()}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key })
      }
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(longestMs)])
      // A connection of its own: none is left over from a process that was killed.
      const asking = request(url + path, { method, headers, signal, agent: false }, (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (piece: string) => (text += piece))
        response.on("end", () => done({ status: response.statusCode!, text }))
        response.on("error", failed)
      })
      asking.on("error", failed)
      asking.end(body === undefined ? undefined : JSON.stringify(body))
    })

  const ask = async (method: string, path: string, body?: unknown, key?: string) => {
    const first = turn++
    for (let tries = 0; ; tries++) {
      stopped.signal.throwIfAborted()
      figures.requests++
      if (tries > 0) {
        figures.repeats++
        if (key !== undefined) repeated.add(key)
      }
      const answer = await once(urls[(first + tries) % urls.length]!, method, path, body, key).catch(() => null)
      if (answer !== null) {
        for (const tell of waiting) tell()
        waiting = []
      }
      if (answer !== null && answer.status >= 200 && answer.status < 300) return JSON.parse(answer.text)
      if (answer !== null && answer.status !== 503 && !(answer.status === 409 && answer.text.includes(underWay)))
        throw new Error(`${method} ${path}${key === undefined ? "" : ` (${key})`}: ${answer.status} ${answer.text}`)
      await sleep(pauseMs)
    }
  }

  return {
    answered: () => new Promise((done) => waiting.push(done)),
    figures,
    repeated,
    oldest: (before) => [...open].find(([, since]) => since < before)?.[0] ?? null,
    stop: () => stopped.abort(new Error("the campaign took too long")),
    ask: async (method, path, body, key) => {
      if (key !== undefined) open.set(key, performance.now())
      try {
        return await ask(method, path, body, key)
      } finally {
        if (key !== undefined) open.delete(key)
      }
    }
  }
}

/** What a server says of a key whose first request another one still works at. */
const underWay = "has not ended yet"
const pauseMs = 50
