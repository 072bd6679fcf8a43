import type { Server } from "node:http"
import type { AddressInfo } from "node:net"

/** Starts a server on a free port of 127.0.0.1. Closing it ends its connections too. */
export const listenOnLoopback = (
  server: Server
): Promise<{ readonly origin: string; readonly place: string; readonly close: () => Promise<void> }> =>
  new Promise((done, failed) => {
    server.on("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed())
          server.closeAllConnections()
        })
      done({ origin: `http://${place}`, place, close })
    })
  })
