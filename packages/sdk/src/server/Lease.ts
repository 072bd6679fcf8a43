/** Tells the server that the host of an execution is alive, so that its end hooks wait for the end. */
import type { Server } from "./Server.ts"
import { ServerRefused } from "./ServerError.ts"

export interface Lease {
  readonly release: () => void
}

/** Every third of the lease; sooner after one that did not arrive. It keeps no process alive. */
export const holdLease = (server: Server, path: string, leaseMs: number): Lease => {
  const over = new AbortController()
  let timer: NodeJS.Timeout
  const next = (milliseconds: number) => {
    if (!over.signal.aborted) timer = setTimeout(() => void beat(), milliseconds).unref()
  }
  const beat = async () => {
    try {
      await server.post(
        path,
        {},
        { send: "once", signal: AbortSignal.any([over.signal, AbortSignal.timeout(leaseMs)]) }
      )
      next(leaseMs / 3)
    } catch (error) {
      // It has ended, or is no more: there is nothing to be held.
      if (error instanceof ServerRefused && [404, 409].includes(error.status)) return
      next(leaseMs / 10)
    }
  }
  next(leaseMs / 3)
  return {
    release: () => {
      over.abort()
      clearTimeout(timer)
    }
  }
}
