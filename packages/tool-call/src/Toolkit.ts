/** The tools that a host has: its own functions, MCP servers, a shared folder; and which of them a name means. */
import { type AdapterReason, Missing, Spawn, ToolFailed, Unavailable } from "@tenterhook/core"
import { Effect, Exit, Fiber, Scope } from "effect"
import { fileTools } from "./files/fileTools.ts"
import { type Catalogue, defaultResolver, type Resolver } from "./Resolver.ts"
import { saidInProcess } from "./said.ts"
import type { Connect } from "./server/Connection.ts"
import { makeServer, type Server } from "./server/Server.ts"
import { parseServers, type Servers } from "./server/ServerConfig.ts"
import type { Tool, ToolDefinition } from "./Tool.ts"
import { ToolsError } from "./ToolsError.ts"

export interface ToolkitOptions {
  /** Functions of the host's own process. */
  readonly tools?: ReadonlyArray<ToolDefinition>
  /** MCP servers: `{mcpServers: {…}}`, its inner object, or what `readServers` gives. */
  readonly servers?: object
  /** Gives the tools `read_file` and `append_file`; it appears to them as `/shared`, and is made where it is missing. */
  readonly folder?: string
  /** Which tool a name means. Default: `defaultResolver`. */
  readonly resolver?: Resolver
  /** The environment of stdio servers and of `${NAME}` in `servers`. Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly limits?: Partial<Limits>
  /** Another MCP client in place of Effect's. */
  readonly connect?: Connect
}

export interface Limits {
  /** Kept of what a tool says: the first half and the last half. Default: 1 MiB. */
  readonly outputBytes: number
  /** The longest message of a server; one that sends a longer one fails with `oversize`. Default: 16 MiB. */
  readonly messageBytes: number
  /** Within which a server must have introduced itself and listed its tools, in milliseconds. Default: 60 000. */
  readonly startMs: number
  /** Milliseconds between asking a server's processes to end and killing them. Default: 500. */
  readonly graceMs: number
}

export interface Toolkit {
  readonly limits: Limits
  /** Fails with `missing` or `unavailable`, or with why the server that should have it cannot be asked. */
  readonly find: (name: string) => Effect.Effect<Tool, AdapterReason>
  /** Everything there is; asks all servers. One that cannot be asked has a `problem`, and no tools. */
  readonly list: Effect.Effect<ReadonlyArray<ToolSource>>
  /** Ends the servers, with all their processes, and what still runs. */
  readonly close: Effect.Effect<void>
  /** Where calls run. */
  readonly scope: Scope.Scope
}

export interface ToolSource {
  /** Null: the host's own process. */
  readonly server: string | null
  readonly tools: ReadonlyArray<Tool>
  readonly problem: string | null
}

export const defaultLimits: Limits = {
  outputBytes: 1024 * 1024,
  messageBytes: 16 * 1024 * 1024,
  startMs: 60_000,
  graceMs: 500
}

/** Starts nothing. Throws `ToolsError` with everything that is wrong. Whoever makes one closes it, or gives it to a layer. */
export const makeToolkit = (options: ToolkitOptions = {}): Toolkit => {
  const limits = { ...defaultLimits, ...options.limits }
  const env = options.env ?? process.env
  const own = ownTools([...(options.tools ?? []), ...(options.folder === undefined ? [] : fileTools(options.folder))])
  const configs: Servers = parseServers(options.servers ?? {}, { env })
  const resolver = options.resolver ?? defaultResolver
  const scope = Scope.makeUnsafe("parallel")
  let open = true
  const connect: Connect =
    options.connect ??
    ((name, server, connectOptions) =>
      Effect.flatMap(
        Effect.promise(() => import("./server/connectMcp.ts")),
        ({ connectMcp }) => connectMcp(name, server, connectOptions)
      ))
  const servers = new Map(
    Object.entries(configs).map(([name, config]): readonly [string, Server] => [
      name,
      makeServer(name, config, scope, { ...limits, env, connect })
    ])
  )

  const find = Effect.fn("Toolkit.find")(function* (name: string) {
    if (!open) return yield* closedError
    const asked = new Map<string, { readonly tools: ReadonlyArray<Tool>; readonly problem: AdapterReason | null }>()
    for (let fresh = false; ;) {
      const catalogue: Catalogue = {
        own,
        servers: [...servers.values()].map((server) => ({
          name: server.name,
          tools: asked.get(server.name)?.tools ?? (fresh ? null : server.known())
        }))
      }
      const resolution = resolver(name, catalogue)
      switch (resolution._tag) {
        case "found":
          return resolution.tool
        case "unavailable":
          return yield* new Unavailable({ name, why: resolution.why })
        case "ask": {
          const next = resolution.servers.filter((it) => servers.has(it) && !asked.has(it))
          if (next.length === 0) return yield* missing(name, catalogue)
          yield* Effect.forEach(
            next,
            (it) =>
              Effect.match(servers.get(it)!.list, {
                onFailure: (problem) => void asked.set(it, { tools: [], problem }),
                onSuccess: (tools) => void asked.set(it, { tools, problem: null })
              }),
            { concurrency: "unbounded", discard: true }
          )
          break
        }
        case "missing": {
          if (!fresh && catalogue.servers.some((server) => server.tools !== null && !asked.has(server.name))) {
            fresh = true
            break
          }
          for (const { problem } of asked.values()) if (problem !== null) return yield* Effect.fail(problem)
          return yield* missing(name, catalogue, resolution.why)
        }
      }
    }
  })

  const list = Effect.suspend(() =>
    Effect.forEach(
      servers.values(),
      (server) =>
        Effect.match(open ? server.list : Effect.fail(closedError), {
          onFailure: (error): ToolSource => ({ server: server.name, tools: [], problem: error.message }),
          onSuccess: (tools): ToolSource => ({ server: server.name, tools, problem: null })
        }),
      { concurrency: "unbounded" }
    )
  ).pipe(
    Effect.map((rest): ReadonlyArray<ToolSource> =>
      own.size === 0 ? rest : [{ server: null, tools: [...own.values()], problem: null }, ...rest]
    )
  )

  const close = Effect.gen(function* () {
    open = false
    const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
    yield* Effect.timeoutOption(Fiber.await(closing), 2 * limits.graceMs + 2000)
  })

  return { limits, find, list, close, scope }
}

const ownTools = (definitions: ReadonlyArray<ToolDefinition>): ReadonlyMap<string, Tool> => {
  const problems: Array<string> = []
  const own = new Map<string, Tool>()
  definitions.forEach((definition, index) => {
    const { name, run, inputSchema } = definition
    const at = typeof name === "string" && name !== "" ? `tool "${name}"` : `tools[${index}]`
    if (typeof name !== "string" || name.trim() === "") problems.push(`${at}: a tool needs a name`)
    if (typeof run !== "function") problems.push(`${at}: run must be a function, found ${typeof run}`)
    if (inputSchema !== undefined && (typeof inputSchema !== "object" || inputSchema === null)) {
      problems.push(`${at}: inputSchema must be a JSON Schema object, found ${String(inputSchema)}`)
    }
    if (own.has(name)) problems.push(`${at}: there are two of that name`)
    own.set(name, toolOf(definition))
  })
  if (problems.length > 0) throw new ToolsError({ source: "tools", problems })
  return own
}

const toolOf = ({ name, description, inputSchema, run }: ToolDefinition): Tool => ({
  name,
  server: null,
  ...(description === undefined ? {} : { description }),
  ...(inputSchema === undefined ? {} : { inputSchema }),
  call: (input) =>
    Effect.tryPromise({
      try: async (signal) => saidInProcess(await run(structuredClone(input), { signal })),
      catch: (error) => new ToolFailed({ name, why: error instanceof Error ? error.message : String(error) })
    })
})

const missing = (name: string, { own, servers }: Catalogue, why?: string) => {
  const names = [...own.keys()]
  const parts = [
    names.slice(0, shown).join(", ") + (names.length > shown ? ", …" : ""),
    servers.length === 0 ? "" : `MCP servers ${servers.map((server) => server.name).join(", ")}`
  ].filter((part) => part !== "")
  return new Missing({
    name: `a tool "${name}"`,
    place: `this host's tools (${why ?? (parts.join("; ") || "it has none")})`
  })
}

const shown = 20

const closedError = new Spawn({ what: "a tool", why: "the host's tools were closed" })
