/**
 * A small server over the small engine: the part of the HTTP contract that the driver speaks. Beside the engine's hooks a
 * config may have `more`: `{"event", "tool", "input"}` calls a tool, `{"event", "announce"}` is posted to every endpoint. Each fault is one way in which a server can be wrong.
 */
import { createHmac, randomUUID } from "node:crypto"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, type IncomingMessage } from "node:http"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { CaseSetup, Session } from "../src/index.ts"
import { listenOnLoopback } from "../src/host/listenOnLoopback.ts"
import { plainEngine } from "./PlainEngine.ts"

export type ServerFault =
  | "loses a field of the report"
  | "forgets the end hooks"
  | "ignores the tools"
  | "takes any config"
  | "hides where a config is wrong"
  | "hides its notices"
  | "has its own environment"
  | "works in its own folder"
  | "never delivers"
  | "answers 200 where it made something"
  | "wants another key"

export interface PlainServer {
  readonly url: string
  readonly key: string
  /** How many hook sets, tool servers and endpoints it has. */
  readonly count: () => number
  readonly close: () => Promise<void>
}

export const openPlainServer = async (fault?: ServerFault): Promise<PlainServer> => {
  const folder = await mkdtemp(join(tmpdir(), "tenterhook-plain-"))
  const hookSets = new Map<string, Upload>()
  const toolServers = new Map<string, { readonly url: string }>()
  const endpoints = new Map<string, Endpoint>()
  const executions = new Map<string, { readonly upload: Upload; readonly context: Context }>()
  const sessions = new Set<Session>()
  const later: Array<Promise<unknown>> = []
  const key = "th_plain"

  const opened = async ({ configs: [config], dialect }: Upload, env: Readonly<Record<string, string>>) => {
    const own = join(folder, randomUUID())
    const { file, text } = config!
    await mkdir(dirname(join(own, file)), { recursive: true })
    await writeFile(join(own, file), text)
    const setup: CaseSetup = { folder: own, dialect, config: [file], env }
    const session = await plainEngine(engineFaults[fault ?? ""]).open(setup)
    sessions.add(session)
    return session
  }

  const checked = async (upload: Upload) => {
    const loaded = await (await opened(upload, {})).load()
    if (loaded.ok) return loaded.notices.map((text) => ({ file: null, line: null, column: null, text }))
    const [, file, path, text] = /^([^:]+): ([^:]+): (.*)$/s.exec(loaded.error)!
    const field = fault === "hides where a config is wrong" ? "" : path
    throw new Problem(422, "the config cannot be loaded", [{ file, line: 1, column: 14, field, message: text }])
  }

  const fire = async (upload: Upload, event: string, context: Context) => {
    const env = fault === "has its own environment" ? { PATH: process.env["PATH"]! } : context.env
    const session = await opened(upload, env)
    const where = fault === "works in its own folder" ? { ...context, cwd: folder } : context
    const report = (await session.fire(event, where)) as Record<string, unknown>
    for (const hook of hooksIn(upload).filter((one) => one.event === event)) {
      if (hook.tool !== undefined && fault !== "ignores the tools") {
        await Promise.all(upload.tools.servers.map((name) => callTool(toolServers.get(name)!.url, hook)))
      }
      if (hook.announce !== undefined && fault !== "never delivers") {
        for (const endpoint of endpoints.values()) later.push(post(endpoint, hook.announce))
      }
    }
    const { losses, ...rest } = report
    return fault === "loses a field of the report" ? rest : { ...rest, losses }
  }

  const uploadOf = (body: { readonly hookSetId: string }) => {
    const upload = hookSets.get(body.hookSetId)
    if (upload === undefined) throw new Problem(404, `no hook set "${body.hookSetId}"`)
    return upload
  }

  const make = <A>(things: Map<string, A>, thing: A): Answer => {
    const id = randomUUID()
    things.set(id, thing)
    return [fault === "answers 200 where it made something" ? 200 : 201, { id }]
  }

  const answer = async (request: IncomingMessage, body: any): Promise<Answer> => {
    if (request.headers.authorization !== `Bearer ${fault === "wants another key" ? "th_other" : key}`) {
      throw new Problem(401, "no such key", [
        { field: "headers.authorization", message: "expected a key of this server" }
      ])
    }
    const [, what = "", id = "", more = ""] = request.url!.replace(/\?.*/, "").split("/").slice(1)
    switch (`${request.method} ${what}${more === "" ? "" : `/${more}`}`) {
      case "PUT tool-servers":
        toolServers.set(id, body)
        return [200, {}]
      case "POST hook-sets": {
        const notices = await checked(body)
        return id === "check" ? [200, { ok: true, notices }] : make(hookSets, body)
      }
      case "POST endpoints":
        return make(endpoints, body)
      case "POST fires":
        return [200, await fire(uploadOf(body), body.event, body.context)]
      case "POST executions": {
        const upload = uploadOf(body)
        const start = await fire(upload, "session_start", body.context)
        const [status, made] = make(executions, { upload, context: body.context })
        return [status, { ...(made as object), start }]
      }
      case "POST executions/end": {
        const { upload, context } = executions.get(id)!
        const end =
          fault === "forgets the end hooks" ? null : await fire(upload, "assistant_response", { ...context, ...body })
        return [200, { id, end }]
      }
      case "GET deliveries":
        await Promise.all(later)
        return [200, { data: [], nextCursor: null }]
    }
    const things = { "hook-sets": hookSets, "tool-servers": toolServers, endpoints }[what]
    if (request.method === "DELETE" && things?.delete(id) === true) return [204, null]
    throw new Problem(404, `${request.method} ${request.url}: nothing is there`)
  }

  const server = createServer(async (request, response) => {
    const parts: Array<Buffer> = []
    for await (const part of request) parts.push(part as Buffer)
    const body = parts.length === 0 ? null : JSON.parse(Buffer.concat(parts).toString("utf8"))
    const [status, value] = await answer(request, body).catch((error: Error): Answer => [
      error instanceof Problem ? error.status : 500,
      { detail: error.message, ...error }
    ])
    response.writeHead(status, { "content-type": "application/json" }).end(value === null ? "" : JSON.stringify(value))
  })
  const { origin, close } = await listenOnLoopback(server)
  return {
    url: origin,
    key,
    count: () => hookSets.size + toolServers.size + endpoints.size,
    close: async () => {
      await close()
      await Promise.allSettled(later)
      for (const session of sessions) await session.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

type Answer = readonly [status: number, value: unknown]

interface Upload {
  readonly configs: ReadonlyArray<{ readonly file: string; readonly text: string }>
  readonly dialect: string
  readonly tools: { readonly servers: ReadonlyArray<string> }
}

interface Context {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

interface Endpoint {
  readonly url: string
  readonly secret: string
}

interface ServerHook {
  readonly event: string
  readonly tool?: string
  readonly input?: unknown
  readonly announce?: unknown
}

class Problem extends Error {
  readonly status: number
  readonly errors: ReadonlyArray<object>

  constructor(status: number, message: string, errors: ReadonlyArray<object> = []) {
    super(message)
    this.status = status
    this.errors = errors
  }
}

const engineFaults = { "takes any config": "takes any config", "hides its notices": "hides its notices" } as Record<
  string,
  "takes any config" | "hides its notices" | undefined
>

const hooksIn = ({ configs: [config] }: Upload): ReadonlyArray<ServerHook> => {
  const { more = [] } = JSON.parse(config!.text) as { readonly more?: ReadonlyArray<ServerHook> }
  return more
}

const callTool = (url: string, { tool, input = {} }: ServerHook) =>
  fetch(url, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: input } })
  })

const post = async ({ url, secret }: Endpoint, announce: unknown) => {
  const [id, timestamp, body] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1000)), JSON.stringify(announce)]
  const signature = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
    .update(`${id}.${timestamp}.${body}`)
    .digest("base64")
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` }
  return fetch(url, { method: "POST", body, headers })
}
