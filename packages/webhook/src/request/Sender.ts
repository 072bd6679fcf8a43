/** Sends signed messages, fast: what the outbox delivers with. No Effect, no stream, and one promise for each. */
import type { GuardOptions } from "../guard/Guard.ts"
import type { Refusal } from "../guard/Refusal.ts"
import { sign } from "../signature/sign.ts"
import { SignatureError } from "../signature/SignatureError.ts"
import { type AgentOptions, openClient } from "./Client.ts"
import { Exchange, type ExchangeLimits } from "./Exchange.ts"
import { headerList, headersProblem, headerText } from "./headers.ts"
import { refusedBy, type Trouble, troubleOf } from "./Trouble.ts"

export interface SenderOptions {
  readonly guard?: GuardOptions
  readonly agent?: AgentOptions
  /** Read of an answer's body at most. Default: 64 KiB. */
  readonly readBytes?: number
  /** Kept of it, from its beginning. Default: 2 KiB. */
  readonly keptBytes?: number
  readonly userAgent?: string
}

export interface DeliverRequest {
  readonly url: string
  /** The `webhook-id`: the same on every try. */
  readonly id: string
  /** JSON, unless `headers` give another content type. */
  readonly body: string | Uint8Array
  /** The endpoint's secret; old and new while they are rotated. */
  readonly secrets: string | ReadonlyArray<string>
  /** Of this try, in Unix seconds. Default: now. */
  readonly timestamp?: number
  /** The endpoint's own. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the sender's. */
  readonly userAgent?: string
  /** For all of it, from the wait for a connection to the last byte. Default: 15 seconds. */
  readonly timeoutMs?: number
}

/**
 * An answer, whatever its status. It counts from its head on: a body that never ends, comes too slowly or breaks off is
 * cut, and changes nothing of what the status says.
 */
export interface Answer {
  readonly _tag: "answer"
  readonly status: number
  /** `content-type`, `retry-after` and `location`, as far as they came. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Whether not all of the body is kept. */
  readonly truncated: boolean
  readonly durationMs: number
}

export interface NoAnswer extends Trouble {
  readonly _tag: "failure"
  readonly durationMs: number
}

export interface Sender {
  /** Never rejects. A redirect is an answer like any other: it is not followed. */
  readonly deliver: (request: DeliverRequest) => Promise<Answer | NoAnswer>
  /** The verdict that `deliver` would meet: for the moment when an endpoint is saved. */
  readonly check: (url: string) => Promise<Refusal | null>
  /** Ends what still runs: as `cancelled`. */
  readonly close: () => Promise<void>
}

export const openSender = (options: SenderOptions = {}): Sender => {
  const client = openClient(options)
  const limits: ExchangeLimits = {
    readBytes: options.readBytes ?? 65_536,
    headBytes: options.keptBytes ?? 2048,
    tailBytes: 0
  }
  const defaultsOf = (userAgent = options.userAgent ?? "Tenterhook") => [
    "content-type",
    "application/json",
    "user-agent",
    userAgent
  ]

  const deliver = (request: DeliverRequest): Promise<Answer | NoAnswer> => {
    const startedAt = performance.now()
    const failed = (trouble: Trouble): NoAnswer => ({
      _tag: "failure",
      ...trouble,
      durationMs: performance.now() - startedAt
    })
    const target = client.target(request.url)
    if ("reason" in target) return Promise.resolve(failed(refusedBy(target)))
    const problem = request.headers === undefined ? null : headersProblem(request.headers)
    if (problem !== null) return Promise.resolve(failed({ reason: "request", message: problem }))

    const body = typeof request.body === "string" ? Buffer.from(request.body) : request.body
    const headers = headerList(defaultsOf(request.userAgent), request.headers)
    try {
      const signed = sign(
        { id: request.id, body, ...(request.timestamp === undefined ? {} : { timestamp: request.timestamp }) },
        request.secrets
      )
      headers.push(
        "webhook-id",
        signed["webhook-id"],
        "webhook-timestamp",
        signed["webhook-timestamp"],
        "webhook-signature",
        signed["webhook-signature"]
      )
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error
      return Promise.resolve(failed({ reason: "request", message: error.message }))
    }

    const timeoutMs = request.timeoutMs ?? 15_000
    return new Promise((done) => {
      const exchange = new Exchange(limits, (it) => {
        clearTimeout(timer)
        const { end, status } = it
        if (status !== 0)
          done({
            _tag: "answer",
            status,
            headers: few(it.headers),
            body: it.body(),
            truncated: it.truncated(),
            durationMs: performance.now() - startedAt
          })
        else if (end instanceof Error) done(failed(troubleOf(end, it.began)))
        else
          done(
            failed({ reason: "timeout", message: `no ${it.began ? "answer" : "connection"} within ${timeoutMs} ms` })
          )
      })
      const timer = setTimeout(() => exchange.stop(), timeoutMs)
      client.agent.dispatch({ origin: target.origin, path: target.path, method: "POST", headers, body }, exchange)
    })
  }

  return { deliver, check: client.guard.check, close: client.close }
}

const few = (headers: Exchange["headers"]): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const name of kept) {
    const text = headerText(headers[name])
    if (text !== undefined) found[name] = text.slice(0, longestHeader)
  }
  return found
}

const kept = ["content-type", "retry-after", "location"]
const longestHeader = 1024
