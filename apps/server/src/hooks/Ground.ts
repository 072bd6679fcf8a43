/** What hooks stand on here: the operator's settings, the same for all of them. */
import type { PluggedIn } from "@tenterhook/sdk"
import type { ToolDefinition } from "@tenterhook/tool-call"
import { Context } from "effect"

export class Ground extends Context.Service<
  Ground,
  {
    /** Absolute. `/shared` for file tools, and where configs and commands start that do not say. */
    readonly shared: string
    /** What hooks see of the environment where a fire sends none. */
    readonly env: Readonly<Record<string, string>>
    /** Places beside public addresses that requests of hooks may go to. */
    readonly allow: ReadonlyArray<string>
    /** MCP servers that the operator named, `{mcpServers: {…}}`. Those that the API saved come over them. */
    readonly servers: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    /** Functions of this process that hooks may call as tools. */
    readonly tools: ReadonlyArray<ToolDefinition>
    /** Further adapters, named in configs by their kind. */
    readonly adapters: PluggedIn["adapters"]
    /** Further dialects, for uploads that name one or are recognized. */
    readonly dialects: PluggedIn["dialects"]
    /** Wacht's `deployment_id` where a fire's context has none. */
    readonly deploymentId: string
  }
>()("@tenterhook/server/hooks/Ground") {}
