/** A receiver on loopback that does what a test asks of it: answer, hang, flood, break off. Its requests are real ones. */
import { createHash } from "node:crypto"
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What a path of the receiver does with its requests; `body` has been read, unless `early`. */
export interface Behaves {
  readonly early?: boolean
  readonly answer: (response: ServerResponse, received: Received, socket: Socket) => void
}

export interface Receiver {
  readonly port: number
  readonly origin: string
  /** Makes a path that behaves so, and gives its URL. */
  readonly on: (behaves: Behaves | Behaves["answer"]) => string
  readonly received: ReadonlyArray<Received>
  /** Connections made so far. */
  readonly connections: () => number
  /** Requests whose answer has not ended, and whose connection has not either. */
  readonly alive: () => number
  readonly close: () => Promise<void>
}

export const openReceiver = async (): Promise<Receiver> => {
  const paths = new Map<string, Behaves>()
  const received: Array<Received> = []
  const living = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  let connections = 0

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    living.add(response)
    response.on("close", () => living.delete(response)).on("error", () => {})
    const behaves = paths.get(request.url!.split("?")[0]!)
    if (behaves === undefined) return void response.writeHead(404).end()
    const answer = (body: Buffer) => {
      const one = { method: request.method!, path: request.url!, headers: request.headers, body }
      received.push(one)
      behaves.answer(response, one, request.socket)
    }
    if (behaves.early === true) {
      request.on("error", () => {})
      answer(Buffer.alloc(0))
    } else void bodyOf(request).then(answer, () => {})
  })
  server.on("connection", (socket) => {
    connections++
    sockets.add(socket)
    socket.on("error", () => {}).on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  return {
    port,
    origin,
    on: (behaves) => {
      const path = `/${paths.size + 1}`
      paths.set(path, typeof behaves === "function" ? { answer: behaves } : behaves)
      return origin + path
    },
    received,
    connections: () => connections,
    alive: () => living.size,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((done) => server.close(() => done()))
    }
  }
}

/** Writes as fast as the connection takes it, until that ends. */
export const endless = (response: ServerResponse, piece: Buffer = Buffer.alloc(65_536, "x")) => {
  const more = () => {
    while (!response.destroyed && response.write(piece));
  }
  response.on("drain", more)
  more()
}

/** One byte at a time, for ever. */
export const trickle = (response: ServerResponse, everyMs = 20) => {
  const timer = setInterval(() => response.write("x"), everyMs)
  response.on("close", () => clearInterval(timer))
}

/** Breaks the connection off once what was written has had several turns to arrive: a reset takes what was not read. */
export const breakOff = (socket: Socket) => {
  let turns = 0
  const timer = setInterval(() => {
    if (++turns < 5) return
    clearInterval(timer)
    socket.resetAndDestroy()
  }, 10)
}

export const digest = (body: Buffer) => `${body.length} ${createHash("sha256").update(body).digest("hex")}`

const bodyOf = async (request: IncomingMessage) => {
  const pieces: Array<Buffer> = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
