/** A server that listens before its routes are there, and keeps what comes until then. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { BeginRequest } from "./requestLog.ts"

/** Whoever reconnects again and again is among the first to come; without this, nobody would answer them. */
export const patientServer = (begin: BeginRequest = () => {}): Server => {
  const early: Array<[IncomingMessage, ServerResponse]> = []
  const keep = (request: IncomingMessage, response: ServerResponse) => void early.push([request, response])
  const server = createServer(begin).on("request", keep)
  const handOver = (event: string | symbol) => {
    if (event !== "request") return
    server.off("newListener", handOver)
    server.off("request", keep)
    server.prependListener("checkContinue", begin)
    // The listener is told of before it is there.
    setImmediate(() => {
      for (const [request, response] of early.splice(0)) server.emit("request", request, response)
    })
  }
  return server.on("newListener", handOver)
}
