/** Which tool a name means. Pure, so that a host can put its own in place of these. */
import { fullName, type Tool } from "./Tool.ts"

export interface Catalogue {
  /** The tools of the host's own process. */
  readonly own: ReadonlyMap<string, Tool>
  readonly servers: ReadonlyArray<CatalogueServer>
}

export interface CatalogueServer {
  readonly name: string
  /** Null: not asked yet. A server is started only when a resolver asks for its tools. */
  readonly tools: ReadonlyArray<Tool> | null
}

export type Resolution =
  | { readonly _tag: "found"; readonly tool: Tool }
  | { readonly _tag: "missing"; readonly why?: string }
  /** There is such a tool, but not for this host now. */
  | { readonly _tag: "unavailable"; readonly why: string }
  /** Cannot be told before these servers were asked for their tools; the resolver is then called again. */
  | { readonly _tag: "ask"; readonly servers: ReadonlyArray<string> }

/** Called again with fresh lists before a name counts as missing. */
export type Resolver = (name: string, catalogue: Catalogue) => Resolution

/**
 * In this order: a tool of the host's own process; `server/tool`, `mcp__server__tool`, `mcp_server_tool`; else the name
 * of a tool that just one server has.
 */
export const defaultResolver: Resolver = (name, catalogue) => {
  const own = catalogue.own.get(name)
  if (own !== undefined) return { _tag: "found", tool: own }
  const qualified = onNamedServer(name, catalogue, [
    (server) => `${server}/`,
    (server) => `mcp__${server}__`,
    (server) => `mcp__${slugOf(server)}__`,
    (server) => `mcp_${slugOf(server)}_`
  ])
  return qualified._tag === "missing" && qualified.why === undefined ? onAnyServer(name, catalogue) : qualified
}

/**
 * Wacht's names: internal ones as they stand, `mcp_{server_slug}_{tool}`, `v_{provider}_{slug}`, and what the operator
 * chose. A `v_` tool that nobody connected is unavailable, not missing.
 * Source: Wacht, execution hooks, tool name format.
 */
export const wachtResolver: Resolver = (name, catalogue) => {
  const own = catalogue.own.get(name)
  if (own !== undefined) return { _tag: "found", tool: own }
  const onServer = onNamedServer(name, catalogue, [(server) => `mcp_${slugOf(server)}_`])
  const found = onServer._tag === "missing" && onServer.why === undefined ? onAnyServer(name, catalogue) : onServer
  return found._tag === "missing" && name.startsWith("v_")
    ? { _tag: "unavailable", why: "virtual tool not connected for this actor" }
    : found
}

/** Lower case, and `_` for whatever is neither letter nor digit. */
export const slugOf = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "_")

/** The longest prefix that fits counts first, since one server's name may begin with another's. */
const onNamedServer = (
  name: string,
  { servers }: Catalogue,
  prefixes: ReadonlyArray<(server: string) => string>
): Resolution => {
  const named = servers
    .flatMap((server) =>
      prefixes.flatMap((prefix) => {
        const start = prefix(server.name)
        return name.startsWith(start) && name.length > start.length ? [{ server, start }] : []
      })
    )
    .toSorted((a, b) => b.start.length - a.start.length)
  const unasked = [...new Set(named.filter(({ server }) => server.tools === null).map(({ server }) => server.name))]
  if (unasked.length > 0) return { _tag: "ask", servers: unasked }
  for (const { server, start } of named) {
    const rest = name.slice(start.length)
    const tool = server.tools!.find((it) => it.name === rest) ?? server.tools!.find((it) => slugOf(it.name) === rest)
    if (tool !== undefined) return { _tag: "found", tool }
  }
  const [first] = named
  return first === undefined ? { _tag: "missing" } : { _tag: "missing", why: toolsOn(first.server) }
}

const onAnyServer = (name: string, { servers }: Catalogue): Resolution => {
  const unasked = servers.filter((server) => server.tools === null).map((server) => server.name)
  if (unasked.length > 0) return { _tag: "ask", servers: unasked }
  const tools = servers.flatMap((server) => server.tools!.filter((tool) => tool.name === name))
  if (tools.length === 1) return { _tag: "found", tool: tools[0]! }
  return tools.length === 0
    ? { _tag: "missing" }
    : { _tag: "missing", why: `more than one server has it: write ${tools.map(fullName).join(" or ")}` }
}

const toolsOn = (server: CatalogueServer) =>
  `MCP server "${server.name}" has ${server.tools!.map((tool) => tool.name).join(", ") || "no tools"}`
