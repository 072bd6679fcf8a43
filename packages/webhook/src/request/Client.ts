/** One undici agent and the guard before it: all that requests of one sender or one layer share. */
// By its file: bun puts a part of its own in place of the name, without Agent.dispatch.
import { Agent, type buildConnector } from "undici/index.js"
import { guardedConnector } from "../guard/connector.ts"
import { type Guard, type GuardOptions, makeGuard, type Target } from "../guard/Guard.ts"
import type { Refusal } from "../guard/Refusal.ts"

export interface AgentOptions {
  /** Connections to one origin at a time; more requests wait for one. Default: 64. */
  readonly connections?: number
  /** How long a connection may take, with TLS. Default: 10 seconds. */
  readonly connectTimeoutMs?: number
  /** How long a connection without a request is kept. A receiver may ask for less. Default: 4 seconds. */
  readonly keepAliveMs?: number
  /** For TLS: a `ca` of one's own, client certificates. */
  readonly tls?: buildConnector.BuildOptions
}

export interface Client {
  readonly guard: Guard
  readonly agent: Agent
  /** The guard's literal verdict, remembered by URL. */
  readonly target: (url: string) => Target | Refusal
  /** Ends what still runs. */
  readonly close: () => Promise<void>
}

/** Asks neither the environment nor the global dispatcher for a proxy, and follows no redirect. */
export const openClient = (options: { readonly guard?: GuardOptions; readonly agent?: AgentOptions } = {}): Client => {
  const { connections = 64, connectTimeoutMs = 10_000, keepAliveMs = 4000, tls } = options.agent ?? {}
  const guard = makeGuard(options.guard)
  const agent = new Agent({
    connect: guardedConnector(guard, { timeoutMs: connectTimeoutMs, ...(tls === undefined ? {} : { tls }) }),
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: keepAliveMs,
    // A request's own deadline is all that counts.
    headersTimeout: 0,
    bodyTimeout: 0
  })
  const targets = new Map<string, Target | Refusal>()
  return {
    guard,
    agent,
    target: (url) => {
      const known = targets.get(url)
      if (known !== undefined) return known
      const target = guard.target(url)
      if (targets.size >= mostTargets) targets.delete(targets.keys().next().value!)
      targets.set(url, target)
      return target
    },
    close: () => agent.destroy()
  }
}

const mostTargets = 10_000
