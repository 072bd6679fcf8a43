/** MCP as Effect's client speaks it. The only file that knows `effect/ai`, and imported when the first server is needed. */
import { type AdapterReason, Oversize, Spawn, ToolFailed, Transport } from "@tenterhook/core"
import { Deferred, Effect, Option, type Scope } from "effect"
import { McpClient, McpClientError, McpProtocol, McpSchema } from "effect/ai"
import { Base64 } from "effect/encoding"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import {
  type CallResult,
  type Connect,
  type Connection,
  type ConnectOptions,
  type ServerTool,
  SessionLost
} from "./Connection.ts"
import { lenient, olderVersion } from "./lenient.ts"
import type { HttpServer, ServerConfig, StdioServer } from "./ServerConfig.ts"
import { type Over, type ServerProcess, startServer } from "./ServerProcess.ts"

export const connectMcp: Connect = (name: string, server: ServerConfig, options: ConnectOptions) =>
  "command" in server ? connectStdio(name, server, options) : connectHttp(name, server, options)

const connectStdio = Effect.fnUntraced(function* (name: string, server: StdioServer, options: ConnectOptions) {
  const what = `MCP server "${name}" (${server.command})`
  if (process.platform === "win32") {
    return yield* new Spawn({ what, why: "servers on stdio are not supported on Windows yet" })
  }
  const wire = makeWire()
  const child = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => startServer(server, options, wire.receive),
      catch: (error) => new Spawn({ what, why: error instanceof Error ? error.message : String(error) })
    }),
    (it) => Effect.promise(it.end)
  )
  wire.open(child)
  const broken = (over: Over, reason: AdapterReason): AdapterReason =>
    over.oversize ? new Oversize({ what: `a message of ${what}`, limitBytes: options.messageBytes }) : reason
  const { client, transport } = yield* Effect.mapError(
    introduce((protocol) => Effect.succeed(wire.transport(protocol)), options),
    (error) => {
      const why = wire.over?.why ?? whyOf(error, options)
      return broken(wire.over ?? stillThere, new Spawn({ what, why }))
    }
  )
  const connection = connectionOf(client, transport, (error) =>
    wire.over === null ? reasonOf(what, error, options) : broken(wire.over, new Transport({ what, why: wire.over.why }))
  )
  return {
    ...connection,
    callTool: (tool, input) =>
      Effect.acquireUseRelease(
        Effect.sync(child.hold),
        () => connection.callTool(tool, input),
        (release) => Effect.sync(release)
      ),
    broken: Effect.asVoid(Effect.promise(() => child.over))
  } satisfies Connection
})

const connectHttp = Effect.fnUntraced(function* (name: string, server: HttpServer, options: ConnectOptions) {
  const what = `MCP server "${name}" (${new URL(server.url).origin})`
  const lost = yield* Deferred.make<void>()
  let agreed: string | null = null
  const fetching = yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
  const http = HttpClient.mapRequest(fetching, (request) =>
    agreed === null ? request : HttpClientRequest.setHeader(request, "mcp-protocol-version", agreed)
  )
  const open = (protocol: Protocol) =>
    McpClient.http({ url: server.url, headers: server.headers, protocol, maxMessageBytes: options.messageBytes }).pipe(
      Effect.provideService(HttpClient.HttpClient, http),
      Effect.map((transport) => ({
        ...transport,
        request: (message: McpSchema.JsonRpcRequest, tool?: McpSchema.Tool) =>
          Effect.map(transport.request(message, tool), (response) => {
            if (message.method === "initialize" && !("error" in response)) agreed = olderVersion(response.result)
            return readLeniently(message, response)
          })
      }))
    )
  const { client, transport } = yield* Effect.mapError(introduce(open, options), (error) =>
    reasonOf(what, error, options)
  )
  const connection = connectionOf(client, transport, (error) => reasonOf(what, error, options))
  const losing = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.tapError(effect, (error) => (error instanceof ToolFailed ? Effect.void : Deferred.succeed(lost, undefined)))
  return {
    ...connection,
    listTools: losing(connection.listTools),
    callTool: (tool, input) => losing(connection.callTool(tool, input)),
    broken: Deferred.await(lost)
  } satisfies Connection
})

/** In the revision with sessions, since most servers know it; in the one without where the server does not. */
const introduce = (
  open: (protocol: Protocol) => Effect.Effect<McpClient.Transport, McpClientError.McpClientError, Scope.Scope>,
  options: ConnectOptions
) => {
  const attempt = Effect.fnUntraced(function* (protocol: Protocol) {
    const transport = yield* open(protocol)
    const client = yield* Effect.provideService(
      McpClient.make({ name: "tenterhook", version: "1.0.0", timeout: options.startMs }),
      McpClient.Transport,
      transport
    )
    return { client, transport }
  })
  return Effect.catch(attempt(McpProtocol.v2025_11_25), (error) =>
    knowsOnlyNewer(error) ? attempt(McpProtocol.v2026_07_28) : Effect.fail(error)
  )
}

const knowsOnlyNewer = ({ reason }: McpClientError.McpClientError) =>
  reason._tag === "UnsupportedError" ||
  (reason._tag === "ProtocolError" && reason.code !== undefined) ||
  (reason._tag === "HttpError" && (reason.status === 400 || reason.status === 404 || reason.status === 405))

const readLeniently = (
  message: McpSchema.JsonRpcRequest,
  response: McpSchema.JsonRpcResponse
): McpSchema.JsonRpcResponse =>
  "error" in response
    ? response
    : { ...response, result: lenient(message.method, response.result) as typeof response.result }

const connectionOf = (
  client: McpClient.McpClient,
  transport: McpClient.Transport,
  reason: (error: McpClientError.McpClientError) => AdapterReason
): Omit<Connection, "broken"> => {
  const known = new Map<string, McpSchema.Tool>()
  let pings = 0
  return {
    listTools: Effect.map(Effect.mapError(client.listTools(), reason), (tools) => {
      known.clear()
      for (const tool of tools) known.set(tool.name, tool)
      return tools.map(listed)
    }),
    callTool: (name, input) =>
      client.callTool({ tool: known.get(name) ?? unlisted(name), arguments: input }).pipe(
        Effect.map(resultOf),
        Effect.mapError((error) => {
          if (refusesSession(error)) return new SessionLost(error.message)
          const { reason: why } = error
          return why._tag === "ProtocolError" && why.code !== undefined
            ? new ToolFailed({ name, why: why.description ?? why.message })
            : reason(error)
        })
      ),
    // An error is an answer, too; and a revision without ping is one without a connection that could hang.
    answers:
      client.protocolVersion === "2026-07-28"
        ? Effect.succeed(true)
        : transport
            .request({ jsonrpc: "2.0", id: `ping-${++pings}`, method: "ping" })
            .pipe(Effect.match({ onFailure: (error) => error.reason._tag === "HttpError", onSuccess: () => true }))
  }
}

const refusesSession = ({ reason }: McpClientError.McpClientError) =>
  (reason._tag === "ClosedError" && reason.sessionExpired === true) ||
  (reason._tag === "HttpError" && (reason.status === 400 || reason.status === 404))

const unlisted = (name: string) => new McpSchema.Tool({ name, inputSchema: { type: "object" } })

const listed = (tool: McpSchema.Tool): ServerTool => ({
  name: tool.name,
  inputSchema: tool.inputSchema,
  ...(tool.description === undefined ? {} : { description: tool.description })
})

const resultOf = (result: McpSchema.CallToolResult): CallResult => ({
  content: result.content.map((block) => inJson(block) as Readonly<Record<string, unknown>>),
  isError: result.isError === true,
  ...(result.structuredContent === undefined ? {} : { structured: result.structuredContent })
})

/** A block as it was on the wire: bytes in base64, nothing undefined. */
const inJson = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Base64.encode(value)
  if (Option.isOption(value)) return Option.isSome(value) ? inJson(value.value) : undefined
  if (Array.isArray(value)) return value.map(inJson)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, inJson(one)]]))
  )
}

const reasonOf = (what: string, error: McpClientError.McpClientError, options: ConnectOptions): AdapterReason =>
  error.reason._tag === "LimitError"
    ? new Oversize({ what: `a message of ${what}`, limitBytes: options.messageBytes })
    : new Transport({ what, why: whyOf(error, options) })

const whyOf = ({ reason }: McpClientError.McpClientError, options: ConnectOptions): string => {
  if (reason._tag === "TimeoutError") return `it did not answer within ${options.startMs} ms (${reason.operation})`
  if (reason._tag === "HttpError") {
    const hint = reason.status === 401 || reason.status === 403 ? `; give it an Authorization header in "headers"` : ""
    return `it answered with HTTP status ${reason.status}${reason.description === undefined ? "" : `: ${reason.description}`}${hint}`
  }
  const cause = "cause" in reason ? rootOf(reason.cause) : null
  return cause === null || cause === reason.message ? reason.message : `${reason.message}: ${cause}`
}

const rootOf = (error: unknown): string | null => {
  let at: unknown = error
  for (let depth = 0; depth < 8 && at instanceof Error && at.cause !== undefined; depth++) at = at.cause
  return at instanceof Error ? (at.message === "" && "code" in at ? String(at.code) : at.message) : null
}

type Protocol = typeof McpProtocol.v2025_11_25 | typeof McpProtocol.v2026_07_28

/** JSON-RPC over the lines of a process: what answers a request goes to who sent it, and what is no JSON to nobody. */
const makeWire = () => {
  const waiting = new Map<
    McpSchema.RequestId,
    Deferred.Deferred<McpSchema.JsonRpcResponse, McpClientError.McpClientError>
  >()
  let child: ServerProcess | null = null
  let over: Over | null = null
  const gone = (why: string) =>
    new McpClientError.McpClientError({ reason: new McpClientError.TransportError({ description: why }) })

  const write = (message: McpSchema.JsonRpcMessage) =>
    Effect.suspend(() => {
      if (over !== null) return Effect.fail(gone(over.why))
      if (child?.send(JSON.stringify(message)) === true) return Effect.void
      return Effect.fail(gone("it does not read what it is sent"))
    })
  const receive = (line: string) => {
    const message = parsed(line)
    if (message === null) return
    if (message.method === undefined) {
      const waiter = waiting.get(message.id as McpSchema.RequestId)
      if (waiter !== undefined) {
        Deferred.doneUnsafe(waiter, Effect.succeed(message as unknown as McpSchema.JsonRpcResponse))
      }
    } else if (message.id !== undefined) {
      const answer =
        message.method === "ping"
          ? { result: {} }
          : { error: { code: -32601, message: `${String(message.method)} is not supported` } }
      child?.send(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer }))
    }
  }
  return {
    receive,
    get over() {
      return over
    },
    open: (process: ServerProcess) => {
      child = process
      void process.over.then((it) => {
        over = it
        for (const waiter of waiting.values()) Deferred.doneUnsafe(waiter, Effect.fail(gone(it.why)))
      })
    },
    transport: (protocol: Protocol): McpClient.Transport => ({
      "~effect/ai/McpClient/Transport": "~effect/ai/McpClient/Transport",
      protocol,
      isCallable: () => true,
      notify: write,
      request: Effect.fnUntraced(function* (message) {
        const waiter = yield* Deferred.make<McpSchema.JsonRpcResponse, McpClientError.McpClientError>()
        waiting.set(message.id, waiter)
        const response = yield* Effect.andThen(write(message), Deferred.await(waiter)).pipe(
          Effect.onInterrupt(() =>
            message.method === "initialize" ? Effect.void : Effect.ignore(write(cancelled(message.id)))
          ),
          Effect.ensuring(Effect.sync(() => waiting.delete(message.id)))
        )
        return readLeniently(message, response)
      })
    })
  }
}

const cancelled = (requestId: McpSchema.RequestId): McpSchema.JsonRpcNotification => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason: "nobody waits for it any more" }
})

/** Servers print all kinds of things among their messages. */
const parsed = (line: string): Readonly<Record<string, unknown>> | null => {
  if (!line.trimStart().startsWith("{")) return null
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === "object" && value !== null && "jsonrpc" in value ? { ...value } : null
  } catch {
    return null
  }
}

const stillThere: Over = { oversize: false, why: "" }
