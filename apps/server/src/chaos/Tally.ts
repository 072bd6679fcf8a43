/** What the server did, seen from outside: a tool that counts its calls, and endpoints that count deliveries. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { verify } from "@tenterhook/webhook/signature"
import { callOf } from "./Plan.ts"

export interface Tally {
  /** An MCP server over HTTP, with the tool `count`. */
  readonly toolUrl: string
  readonly endpointUrls: ReadonlyArray<string>
  /** By execution and hook, `<execution> <hook>`. */
  readonly calls: ReadonlyMap<string, number>
  /** The `webhook-id`s that came for each, by `<execution> <hook> <url of the endpoint>`. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>
  /** How often each `webhook-id` was accepted. */
  readonly accepted: ReadonlyMap<string, number>
  /** Deliveries whose signature or content was not as it must be. */
  readonly unverified: ReadonlyArray<string>
  readonly requests: number
  /** Answered with 500 or 429 on purpose. */
  readonly refused: number
  readonly close: () => Promise<void>
}

export interface TallyOptions {
  readonly secret: string
  readonly random: () => number
  /** Default: 1. */
  readonly endpoints?: number
}

export const openTally = async ({ secret, random, endpoints = 1 }: TallyOptions): Promise<Tally> => {
  const calls = new Map<string, number>()
  const ids = new Map<string, Set<string>>()
  const accepted = new Map<string, number>()
  const unverified: Array<string> = []
  let requests = 0
  let refused = 0

  const count = async ({ call, _runtime }: ToolInput) => {
    const key = `${_runtime.execution_run_id} ${call}`
    calls.set(key, (calls.get(key) ?? 0) + 1)
    await sleep(random() * longestCallMs)
    return { content: [{ type: "text", text: "counted" }] }
  }

  /** The status to answer with. */
  const receive = (url: string, headers: IncomingHttpHeaders, body: string): number => {
    requests++
    let delivered: { readonly id: string; readonly key: string }
    try {
      const { id } = verify({ headers, body }, secret)
      const { data } = JSON.parse(body) as { data: Announced }
      delivered = { id, key: `${data.execution_run_id} ${callOf(data.hook_kind, data.step_index)} ${url}` }
    } catch (error) {
      unverified.push(String(error))
      return 400
    }
    const { id, key } = delivered
    const known = ids.get(key) ?? new Set()
    const isNew = !known.has(id)
    ids.set(key, known.add(id))
    if (isNew && ids.size % 20 === 7) return refuse(500)
    if (isNew && ids.size % 50 === 11) return refuse(429)
    accepted.set(id, (accepted.get(id) ?? 0) + 1)
    return 200
  }
  const refuse = (status: number) => {
    refused++
    return status
  }

  const tool = await listen(async (request, response) => {
    if (request.method !== "POST") return void response.writeHead(405).end()
    const { id, method, params } = JSON.parse(await textOf(request)) as Rpc
    if (id === undefined) return void response.writeHead(202).end()
    const result = method === "tools/call" ? await count(params!.arguments) : answers[method]
    const answer = result === undefined ? { error: { code: -32601, message: `no ${method} here` } } : { result }
    response.writeHead(200, { "content-type": "application/json" })
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }))
  })
  const endpoint = await listen(async (request, response) => {
    const url = endpoint.url + request.url!.slice(1)
    const status = receive(url, request.headers, await textOf(request))
    response.writeHead(status, status === 429 ? { "retry-after": "1" } : {}).end()
  })

  return {
    toolUrl: tool.url,
    endpointUrls: Array.from({ length: endpoints }, (_, n) => `${endpoint.url}${n}`),
    calls,
    ids,
    accepted,
    unverified,
    get requests() {
      return requests
    },
    get refused() {
      return refused
    },
    close: async () => {
      await Promise.all([tool.close(), endpoint.close()])
    }
  }
}

/** Long enough that kills fall into calls. */
const longestCallMs = 60

const answers: Readonly<Record<string, unknown>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "chaos", version: "1.0.0" }
  },
  ping: {},
  "tools/list": { tools: [{ name: "count", inputSchema: { type: "object" } }] }
}

const listen = async (answer: (...given: Parameters<RequestListener>) => Promise<void>) => {
  const server = createServer((request, response) => {
    // Whoever asked was killed.
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((closed) => server.close(() => closed()))
    }
  }
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  request.setEncoding("utf8")
  for await (const piece of request) text += piece
  return text
}

interface ToolInput {
  readonly call: string
  readonly _runtime: { readonly execution_run_id: string }
}

interface Announced {
  readonly execution_run_id: string
  readonly hook_kind: string
  readonly step_index: number
}

interface Rpc {
  readonly id?: number | string
  readonly method: string
  readonly params?: { readonly arguments: ToolInput }
}
