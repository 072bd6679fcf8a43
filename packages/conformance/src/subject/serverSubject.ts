/** A server, held to its HTTP contract. It must see this machine's files and loopback, for a case's hooks run there. */
import { randomUUID } from "node:crypto"
import { readFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { openMcpServer } from "../host/openMcpServer.ts"
import type { CaseSetup, LoadResult, Session, Subject } from "../run/Subject.ts"
import { openCommands } from "./command.ts"
import { type CaseExecution, execWithin } from "./execWithin.ts"
import { noticeText, type Remark } from "./noticeText.ts"
import { Refused, type ServerPlace, type ServerRequest, serverRequest } from "./serverRequest.ts"

export interface ServerOptions extends ServerPlace {
  readonly name?: string
  /** Absent: all that the contract has. */
  readonly needs?: ReadonlyArray<string>
}

/**
 * Each case brings its own hook set, tool server and endpoints, and takes them away at its end. Configs are read here
 * and uploaded; the host's environment goes with each fire, so the key needs every scope. What is announced goes to
 * every endpoint that a server has, so a case with endpoints runs alone.
 */
export const serverSubject = (server: ServerOptions): Subject => ({
  name: server.name ?? "server",
  needs: server.needs ?? ["shell", "tool-call", "webhook", "exec"],
  alone: ({ endpoints }) => endpoints !== undefined,
  open: async (setup) => sessionOf(setup, serverRequest(server))
})

const sessionOf = (setup: CaseSetup, request: ServerRequest): Session => {
  const belongings = belongingsOf(setup, request)
  const commands = openCommands()
  /** Breaks off what runs hooks. What makes or ends something is waited for, so that nothing stays behind. */
  const over = new AbortController()
  const working = new Set<Promise<unknown>>()
  const tracked =
    <Args extends ReadonlyArray<any>, A>(work: (...args: Args) => Promise<A>) =>
    (...args: Args): Promise<A> => {
      const running = work(...args).finally(() => working.delete(running))
      working.add(running)
      return running
    }

  const runHooks = (path: string, status: number, body: object, context: object) =>
    request("POST", path, { body: { ...body, context: { env: setup.env, ...context } }, status, signal: over.signal })

  const startExecution = async (context: object): Promise<CaseExecution> => {
    const answer = await runHooks("/v1/executions", 201, { hookSetId: await belongings.hookSet() }, context)
    const { start = null } = answer as { readonly start?: CaseExecution["start"] | null }
    if (start === null)
      throw new Error(`expected an execution with the report of its start, got ${JSON.stringify(answer)}`)
    const path = `/v1/executions/${encodeURIComponent(idOf(answer))}/end`
    const end: CaseExecution["end"] = async (how) =>
      ((await request("POST", path, { body: how, status: 200 })) as { readonly end?: unknown }).end
    return { start, end }
  }

  return {
    fire: tracked(async (event: string, context: object) =>
      runHooks("/v1/fires", 200, { hookSetId: await belongings.hookSet(), event }, context)
    ),
    exec: tracked(async (argv: ReadonlyArray<string>, context: object) =>
      execWithin(await startExecution(context), () => commands.run(argv, { cwd: setup.folder, env: setup.env }))
    ),
    load: tracked(async () => load(request, belongings.upload)),
    settle: tracked(async (milliseconds: number) =>
      settle(request, await belongings.endpoints(), Date.now() + milliseconds, over.signal)
    ),
    close: async () => {
      over.abort(new Error("the case is over"))
      await commands.close()
      await Promise.allSettled(working)
      await belongings.takeAway()
    }
  }
}

/** What a case has on the server. Each is made when it is first asked for, for a `load` needs no endpoints. */
interface Belongings {
  /** Of the files as they are now. Rejects with `Unreadable`. */
  readonly upload: () => Promise<object>
  /** The id of the case's hooks; its endpoints are there as well then. */
  readonly hookSet: () => Promise<string>
  readonly endpoints: () => Promise<ReadonlyArray<string>>
  readonly takeAway: () => Promise<void>
}

const belongingsOf = (setup: CaseSetup, request: ServerRequest): Belongings => {
  const made: Array<() => Promise<unknown>> = []
  const make = async (path: string, body: object) => {
    const id = idOf(await request("POST", path, { body, status: 201 }))
    made.push(() => request("DELETE", `${path}/${id}`, { status: 204 }))
    return id
  }
  const toolServers = once(async () => {
    if (setup.tools === undefined) return []
    const server = await openMcpServer(setup.tools)
    made.push(server.close)
    const name = `conformance-${randomUUID()}`
    await request("PUT", `/v1/tool-servers/${name}`, { body: { url: server.url }, status: 200 })
    made.push(() => request("DELETE", `/v1/tool-servers/${name}`, { status: 204 }))
    return [name]
  })
  const upload = async () => ({
    configs: await readConfigs(setup),
    dialect: setup.dialect,
    ...(setup.mode === undefined ? {} : { mode: setup.mode }),
    ...(setup.lenient === undefined ? {} : { lenient: setup.lenient }),
    tools: { servers: await toolServers(), shared: false },
    allow: setup.allow ?? []
  })
  const endpoints = once(async () => {
    const ids: Array<string> = []
    for (const endpoint of setup.endpoints ?? []) ids.push(await make("/v1/endpoints", endpoint))
    return ids
  })
  const hookSet = once(async () => {
    const id = await make("/v1/hook-sets", await upload())
    await endpoints()
    return id
  })
  const takeAway = async () => {
    for (const one of made.splice(0).toReversed()) await one().catch(() => {})
  }
  return { upload, hookSet, endpoints, takeAway }
}

/** A config that this driver could not read, so that there is nothing to upload. */
class Unreadable extends Error {}

const readConfigs = async ({ folder, config }: CaseSetup) => {
  const configs = []
  for (const file of config) {
    const path = resolve(folder, file)
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? `no such file; looked for ${path}` : "cannot be read as a file"
      throw new Unreadable(noticeText({ file, text: why }))
    })
    configs.push({ file, folder: dirname(path), text })
  }
  return configs
}

const load = async (request: ServerRequest, upload: () => Promise<object>): Promise<LoadResult> => {
  try {
    const answer = await request("POST", "/v1/hook-sets/check", { body: await upload(), status: 200 })
    const { notices = [] } = answer as { readonly notices?: ReadonlyArray<Remark> }
    return { ok: true, notices: notices.map(noticeText) }
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, error: error.message }
    if (error instanceof Refused && error.status === 422) return { ok: false, error: problemsOf(error) }
    throw error
  }
}

/** As the other subjects say them. A refusal that names no place in a config is its own text. */
const problemsOf = ({ message, problem: { errors = [] } }: Refused) =>
  errors.length === 0
    ? message
    : errors
        .map(({ field, message = "", ...place }) => noticeText({ ...place, path: pathOf(field), text: message }))
        .join("\n")

/** Waits while one of these endpoints has a delivery that is tried before the time. */
const settle = async (
  request: ServerRequest,
  endpoints: ReadonlyArray<string>,
  until: number,
  signal: AbortSignal
): Promise<void> => {
  const isDue = async (endpointId: string) => {
    const query = new URLSearchParams({ endpointId, status: "pending", limit: "200" })
    const answer = await request("GET", `/v1/deliveries?${query}`, { status: 200, signal })
    const { data } = answer as { readonly data: ReadonlyArray<{ readonly nextAt?: string | null }> }
    return data.some(({ nextAt = null }) => nextAt === null || Date.parse(nextAt) <= until)
  }
  for (const endpointId of endpoints) {
    while (Date.now() < until && (await isDue(endpointId))) await new Promise((done) => setTimeout(done, pollMs))
  }
}

const idOf = (answer: unknown): string => {
  const { id } = (answer ?? {}) as { readonly id?: unknown }
  if (typeof id === "string" && id !== "") return id
  throw new Error(`expected an answer with an id, got ${JSON.stringify(answer)}`)
}

const once = <A>(make: () => Promise<A>): (() => Promise<A>) => {
  let made: Promise<A> | undefined
  return () => (made ??= make())
}

const pollMs = 50

/** Of a config as a whole a server names the field of the request that it came in. */
const pathOf = (field = ""): string => (field === "payload.configs" ? "" : field)
