/** Servers on this machine that stand for what must never be reached, and resolvers that say what a test tells them. */
import type { Resolve } from "@tenterhook/webhook"
import { createServer, type AddressInfo } from "node:net"

export interface Forbidden {
  readonly port: number
  /** Connections so far, whatever came over them. */
  readonly reached: () => number
  readonly close: () => Promise<void>
}

/** Listens on every address of this machine, IPv4 and IPv6, and answers like a receiver that is glad of anything. */
export const openForbidden = (): Promise<Forbidden> =>
  new Promise((done, failed) => {
    let reached = 0
    const server = createServer((socket) => {
      reached++
      socket.on("error", () => {}).on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
    })
    server.on("error", failed)
    server.listen(0, "::", () =>
      done({
        port: (server.address() as AddressInfo).port,
        reached: () => reached,
        close: () => new Promise((closed) => server.close(() => closed()))
      })
    )
  })

/** One answer for each query, the last of them for all that follow. A text is the error's code, `silence` none at all. */
export type Script = ReadonlyArray<ReadonlyArray<string> | string>

export const scripted = (script: Script): Resolve => {
  let query = 0
  return async () => {
    const answer = script[Math.min(query++, script.length - 1)]!
    if (answer === "silence") return new Promise(() => {})
    if (typeof answer === "string") throw Object.assign(new Error(`scripted ${answer}`), { code: answer })
    return answer as ReadonlyArray<string>
  }
}
