/** Below those that the system gives to clients: a connection to elsewhere takes none of these, also while nobody listens. */
import { randomInt } from "node:crypto"
import { createServer } from "node:net"

export const freePort = async (): Promise<number> => {
  const port = randomInt(20_000, 32_000)
  const isFree = await new Promise<boolean>((done) => {
    const server = createServer()
    server.once("error", () => done(false))
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)))
  })
  return isFree ? port : freePort()
}
