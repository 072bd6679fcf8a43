/** Hooks on a server: what is fired here runs there, and the server's report comes back as it is. */
import type { EventContext, Explanation, FireReport } from "@tenterhook/core"
import type { FireOptions } from "../AnyHooks.ts"
import { resolveAsk } from "../ask.ts"
import { folderOf, within } from "../folderOf.ts"
import type { ConnectOptions, ServerHooks } from "../connectHooks.ts"
import { endOnce, type Execution, executionWith, startAborted } from "../Execution.ts"
import { checkOptions } from "../options/Check.ts"
import * as shapes from "../options/shapes.ts"
import { holdLease } from "./Lease.ts"
import { openServer, type Post } from "./Server.ts"
import { targetOf } from "./Target.ts"

export const serverHooks = async (options: ConnectOptions): Promise<ServerHooks> => {
  checkOptions("connectHooks", shapes.connectOptions, options)
  const cwd = folderOf(options.cwd)
  const server = openServer(options)
  const target = await targetOf(options, cwd)
  const closing = new AbortController()
  const closed = new Set<() => void>()

  const post = async (path: string, body: object, { send, signal }: Post) => {
    const ends = endsOf(signal)
    ends.throwIfAborted()
    return server.post(path, body, { send, signal: ends })
  }
  const withDefaults = (given: EventContext): EventContext => ({
    ...given,
    cwd: within(cwd, given.cwd),
    ...(given.env === undefined && options.env !== undefined ? { env: options.env } : {})
  })
  const honoured = ({ host = options.host }: FireOptions) => (host === undefined ? {} : { host })
  const endsOf = (signal: AbortSignal | undefined) =>
    AbortSignal.any([closing.signal, options.signal, signal].filter((one) => one !== undefined))
  const answered = async (report: FireReport, signal: AbortSignal | undefined) => {
    const ends = endsOf(signal)
    const answer = options.ask === undefined ? report : await resolveAsk(report, options.ask, ends)
    ends.throwIfAborted()
    return answer
  }

  const fireOf =
    (about: object, within: EventContext) =>
    async (event: string, given: EventContext = {}, fireOptions: FireOptions = {}): Promise<FireReport> => {
      checkOptions("fire", shapes.fireOptions, fireOptions)
      const { class: declared, signal } = fireOptions
      const body = {
        ...about,
        event,
        context: withDefaults({ ...within, ...given }),
        ...honoured(fireOptions),
        ...(declared === undefined ? {} : { class: declared })
      }
      return answered((await post("/v1/fires", body, { send: "once", ...signalled(signal) })) as FireReport, signal)
    }

  const startExecution = async (given: EventContext = {}, startOptions: FireOptions = {}): Promise<Execution> => {
    checkOptions("startExecution", shapes.fireOptions, startOptions)
    const id = given.executionId ?? `ex_${crypto.randomUUID()}`
    const within = { ...given, executionId: id }
    const path = `/v1/executions/${encodeURIComponent(id)}`
    const endAs = (how: object, sent: Post) => post(`${path}/end`, how, sent) as Promise<{ readonly end: FireReport }>

    const body = {
      ...target,
      id,
      context: withDefaults(within),
      ...honoured(startOptions),
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs })
    }
    const { signal } = startOptions
    signal?.throwIfAborted()
    let started: { readonly start: FireReport; readonly leaseMs: number }
    let start: FireReport
    try {
      started = (await post("/v1/executions", body, { send: "once", ...signalled(signal) })) as typeof started
      start = await answered(started.start, signal)
    } catch (error) {
      // The server may have started it, and nothing else here would end it.
      if (signal?.aborted) await endAs(startAborted, { send: "once" }).catch(() => {})
      throw error
    }
    const lease = holdLease(server, `${path}/lease`, started.leaseMs)
    closed.add(lease.release)
    const end: Execution["end"] = async (given, endOptions = {}) => {
      checkOptions("end", shapes.executionEnd, given)
      checkOptions("end", shapes.fireOptions, endOptions)
      const { error, ...how } = given
      const { signal } = endOptions
      try {
        const sent = { ...how, ...(error === undefined ? {} : { error: said(error) }) }
        const ended = await endAs(sent, { send: "surely", ...signalled(signal) })
        return await answered(ended.end, signal)
      } finally {
        lease.release()
        closed.delete(lease.release)
      }
    }
    return { id, start, fire: fireOf({ executionId: id }, within), end: endOnce(end) }
  }

  const close = async () => {
    closing.abort(new Error("the hooks were closed"))
    for (const release of closed) release()
  }
  return {
    url: server.url,
    fire: fireOf(target, {}),
    explain: async (event, given = {}) =>
      (await post("/v1/explain", { ...target, event, context: withDefaults(given) }, { send: "once" })) as Explanation,
    execution: executionWith(startExecution),
    startExecution,
    close,
    [Symbol.asyncDispose]: close
  }
}

const signalled = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })

/** JSON makes `{}` of an error. */
const said = (error: unknown): unknown => (error instanceof Error ? error.message : error)
