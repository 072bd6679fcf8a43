/** Asks over HTTP as a careful host does: again with the same key, until there is an answer. */
import { request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"

export interface Client {
  /** Rejects where the answer is no success. */
  readonly ask: <A>(method: "GET" | "POST" | "PUT", path: string, body?: unknown, key?: string) => Promise<A>
  /** The next answer, whatever it is. */
  readonly answered: () => Promise<void>
  /** Requests that were sent, and how many of them again. */
  readonly figures: { requests: number; repeats: number }
  /** From now on nothing is asked any more. */
  readonly stop: () => void
}

/** `token` is asked for at each request: the first one waits for the server's first start. */
export const makeClient = (url: string, token: () => string): Client => {
  const figures = { requests: 0, repeats: 0 }
  const stopped = new AbortController()
  let waiting: Array<() => void> = []

  const once = (method: string, path: string, body: unknown, key: string | undefined) =>
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

  return {
    answered: () => new Promise((done) => waiting.push(done)),
    figures,
    stop: () => stopped.abort(new Error("the campaign took too long")),
    ask: async (method, path, body, key) => {
      for (let tries = 0; ; tries++) {
        stopped.signal.throwIfAborted()
        figures.requests++
        if (tries > 0) figures.repeats++
        const answer = await once(method, path, body, key).catch(() => null)
        if (answer !== null) {
          for (const tell of waiting) tell()
          waiting = []
        }
        if (answer !== null && answer.status >= 200 && answer.status < 300) return JSON.parse(answer.text)
        if (answer !== null && answer.status !== 503)
          throw new Error(`${method} ${path}${key === undefined ? "" : ` (${key})`}: ${answer.status} ${answer.text}`)
        await sleep(pauseMs)
      }
    }
  }
}

const longestMs = 30_000
const pauseMs = 50
