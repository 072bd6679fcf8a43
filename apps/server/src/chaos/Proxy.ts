/** Stands between a server and its database, or another server, where connections can be cut and held up. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

export interface Proxy {
  readonly port: number
  /** Ends all connections, and refuses new ones until `open`. */
  readonly cut: () => void
  /** Nothing passes any more, and nobody is told, until `open`. */
  readonly hush: () => void
  readonly open: () => void
  readonly close: () => Promise<void>
}

/** Listens on loopback, at a port that is free. */
export const openProxy = async (target: { readonly host: string; readonly port: number }): Promise<Proxy> => {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: "open" | "cut" | "hushed" = "open"

  const server = createServer({ pauseOnConnect: true }, (near) => {
    if (state === "cut") return void near.resetAndDestroy()
    const far = connect(target)
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true)
      from.on("data", (piece) => {
        if (!to.write(piece)) from.pause()
      })
      to.on("drain", () => {
        if (state !== "hushed") from.resume()
      })
      from.on("end", () => to.end())
      from.on("error", () => to.destroy())
      from.on("close", () => {
        to.destroy()
        pairs.delete(pair)
      })
    }
    if (state === "hushed") far.pause()
    else near.resume()
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))

  const cut = () => {
    state = "cut"
    for (const [near, far] of pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    hush: () => {
      state = "hushed"
      for (const socket of [...pairs].flat()) socket.pause()
    },
    open: () => {
      state = "open"
      for (const socket of [...pairs].flat()) socket.resume()
    },
    close: async () => {
      cut()
      await new Promise<void>((closed) => server.close(() => closed()))
    }
  }
}
