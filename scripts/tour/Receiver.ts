/** A receiver of webhooks, as somebody who subscribes would write one: it verifies, then believes. */
import { verify } from "@tenterhook/webhook/signature"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface Received {
  readonly type: string
  readonly id: string
  /** The first of its signatures. */
  readonly signature: string
  readonly data: Record<string, unknown>
}

export interface Receiver {
  readonly url: string
  /** Host and port: a place on loopback has to be allowed. */
  readonly place: string
  /** What came and was signed with the secret, since the last time it was asked. */
  readonly take: () => ReadonlyArray<Received>
  readonly close: () => Promise<void>
}

export const openReceiver = (secret: string): Promise<Receiver> =>
  new Promise((done, failed) => {
    const received: Array<Received> = []
    const server = createServer(async (request, response) => {
      const parts: Array<Buffer> = []
      for await (const part of request) parts.push(part as Buffer)
      const body = Buffer.concat(parts)
      try {
        const { id } = verify({ headers: request.headers, body }, secret)
        const { type, data } = JSON.parse(body.toString("utf8"))
        received.push({ type, id, data, signature: String(request.headers["webhook-signature"]) })
        response.writeHead(204).end()
      } catch (error) {
        response.writeHead(400).end(String(error))
      }
    })
    server.on("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed())
          server.closeAllConnections()
        })
      done({ url: `http://${place}/hooks`, place, take: () => received.splice(0), close })
    })
  })
