/** An MCP server on streamable HTTP with a case's tools: how they reach a subject that is another process. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { isRecord } from "../case/Matcher.ts"
import type { HostTool } from "./HostTools.ts"
import { listenOnLoopback } from "./listenOnLoopback.ts"

export interface McpServer {
  readonly url: string
  readonly close: () => Promise<void>
}

/**
 * Without sessions and streams: each request is answered with JSON. Speaks 2026-07-28 and, where every tool returns what
 * they can say too (texts and objects), the revisions before it.
 */
export const openMcpServer = async (tools: ReadonlyArray<HostTool>): Promise<McpServer> => {
  const newestOnly = tools.some(({ returnsPlainValue }) => returnsPlainValue)
  const byName = new Map(tools.map((tool) => [tool.name, tool]))

  const call = async (params: unknown, signal: AbortSignal): Promise<object> => {
    const { name, arguments: input = {} } = isRecord(params) ? params : {}
    const tool = typeof name === "string" ? byName.get(name) : undefined
    if (tool === undefined) throw new RpcError(-32602, `Unknown tool: ${String(name)}`)
    try {
      return resultOf(await tool.run(input, { signal }))
    } catch (error) {
      return { content: [{ type: "text", text: (error as Error).message }], isError: true }
    }
  }

  const answer = async (method: unknown, params: unknown, signal: AbortSignal): Promise<object> => {
    switch (method) {
      case "initialize": {
        if (newestOnly) throw new RpcError(-32602, `This server speaks ${newest} only`)
        const asked = isRecord(params) ? params["protocolVersion"] : undefined
        return {
          protocolVersion: initialized.find((one) => one === asked) ?? initialized[0],
          capabilities: { tools: {} },
          serverInfo
        }
      }
      case "server/discover":
        return { supportedVersions: [newest], capabilities: { tools: {} }, serverInfo, ...uncached }
      case "ping":
        return {}
      case "tools/list":
        return {
          tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
          ...uncached
        }
      case "tools/call":
        return call(params, signal)
      default:
        throw new RpcError(-32601, `Method not found: ${String(method)}`)
    }
  }

  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== "POST") return void response.writeHead(405, { allow: "POST" }).end()
    const stopped = new AbortController()
    response.on("close", () => stopped.abort())
    const message = parse(await textOf(request))
    if (!isRecord(message)) return send(response, 400, failure(null, new RpcError(-32700, "Parse error")))
    const { id, method, params } = message
    if (id === undefined) return void response.writeHead(202).end()
    try {
      const said = await answer(method, params, stopped.signal)
      const result = request.headers["mcp-protocol-version"] === newest ? { ...said, resultType: "complete" } : said
      send(response, 200, { jsonrpc: "2.0", id, result })
    } catch (error) {
      send(response, 200, failure(id, error))
    }
  }

  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy())
  })
  const { origin, close } = await listenOnLoopback(server)
  return { url: `${origin}/mcp`, close }
}

const newest = "2026-07-28"
/** Those before it, whose clients introduce themselves. */
const initialized = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]

const serverInfo = { name: "tenterhook-conformance", version: "1.0.0" }
const uncached = { ttlMs: 0, cacheScope: "private" }

/** A text is a text; any other value is structured content, with its JSON beside it. */
const resultOf = (output: unknown) =>
  typeof output === "string"
    ? { content: [{ type: "text", text: output }] }
    : { content: [{ type: "text", text: JSON.stringify(output ?? null) }], structuredContent: output ?? null }

class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const failure = (id: unknown, error: unknown) => ({
  jsonrpc: "2.0",
  id,
  error: { code: error instanceof RpcError ? error.code : -32603, message: (error as Error).message }
})

const send = (response: ServerResponse, status: number, body: unknown) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))

const textOf = async (request: IncomingMessage) => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString("utf8")
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
