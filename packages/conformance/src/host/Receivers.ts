/** The HTTP servers of a case: real ones on loopback, which answer as the case says and remember what they got. */
import { createServer } from "node:http"
import type { CaseReceiver } from "../case/Case.ts"
import { listenOnLoopback } from "./listenOnLoopback.ts"
import { isVerified } from "./isVerified.ts"

/** A request as cases match it. */
export interface ReceivedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether it is signed with a secret of this receiver. */
  readonly verified: boolean
}

export interface Receivers {
  /** `RECEIVER_HOOK` to its URL. */
  readonly values: Readonly<Record<string, string>>
  /** Host and port of each. */
  readonly places: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  /** What a receiver got since the mark, and before it: the request before each of them, if there was one. */
  readonly since: (name: string) => {
    readonly requests: ReadonlyArray<ReceivedRequest>
    readonly previous: ReadonlyArray<ReceivedRequest | undefined>
  }
  /** A step is over: what comes from now on belongs to the next. */
  readonly mark: () => void
  /** Known once the case's values are filled in. */
  readonly trust: (secretsOf: (url: string) => ReadonlyArray<string>) => void
  /** For them too it is later by that: signatures have an age. */
  readonly advance: (milliseconds: number) => void
  readonly close: () => Promise<void>
}

export const openReceivers = async (receivers: Readonly<Record<string, CaseReceiver>>): Promise<Receivers> => {
  let secretsOf: (url: string) => ReadonlyArray<string> = () => []
  let moved = 0
  const opened = await Promise.all(
    Object.entries(receivers).map(async ([name, receiver]) => {
      const got: Array<ReceivedRequest> = []
      const server = createServer((request, response) => {
        const parts: Array<Buffer> = []
        request.on("data", (part: Buffer) => parts.push(part))
        request.on("error", () => {})
        request.on("end", () => {
          const body = Buffer.concat(parts)
          const reply = receiver.replies[Math.min(got.length, receiver.replies.length - 1)]!
          const headers = headersOf(request.rawHeaders)
          const now = Date.now() + moved
          got.push({
            method: request.method ?? "",
            path: request.url ?? "",
            headers,
            body: body.toString("utf8"),
            verified: secretsOf(listening.origin).some((secret) => isVerified(secret, headers, body, now))
          })
          response.writeHead(reply.status, reply.headers ?? {}).end(reply.body ?? "")
        })
      })
      const listening = await listenOnLoopback(server)
      return { name, got, ...listening }
    })
  )
  const marks = new Map<string, number>()
  return {
    values: Object.fromEntries(opened.map(({ name, origin }) => [`RECEIVER_${name.toUpperCase()}`, origin])),
    places: opened.map(({ place }) => place),
    names: opened.map(({ name }) => name),
    since: (name) => {
      const { got } = opened.find((one) => one.name === name)!
      const from = marks.get(name) ?? 0
      return { requests: got.slice(from), previous: got.slice(from).map((_, index) => got[from + index - 1]) }
    },
    mark: () => opened.forEach(({ name, got }) => marks.set(name, got.length)),
    trust: (of) => void (secretsOf = of),
    advance: (milliseconds) => void (moved += milliseconds),
    close: async () => void (await Promise.all(opened.map(({ close }) => close())))
  }
}

/** One that came twice is both, with a comma between. */
const headersOf = (raw: ReadonlyArray<string>): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    headers[name] = headers[name] === undefined ? raw[at + 1]! : `${headers[name]}, ${raw[at + 1]}`
  }
  return headers
}
