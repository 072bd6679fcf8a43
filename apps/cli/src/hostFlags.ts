/** What the host has beside its hooks: tools, places that may be reached, endpoints and a data folder. */
import type { EndpointOptions, HooksOptions } from "@tenterhook/sdk"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { fromHere } from "./currentFolder.ts"
import { readEndpoints } from "./readEndpoints.ts"
import { Refusal } from "./Refusal.ts"

export const toolFlags = {
  tools: Flag.String("tools").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("mcp.json"),
    Flag.withDescription("MCP servers whose tools hooks may call: a file with mcpServers; may be repeated")
  ),
  shared: Flag.String("shared").pipe(
    Flag.optional,
    Flag.withMetavar("folder"),
    Flag.withDescription("Gives hooks the tools read_file and append_file on this folder, which they know as /shared")
  )
}

export interface ToolFlags {
  readonly tools: ReadonlyArray<string>
  readonly shared: Option.Option<string>
}

export const outboxFlags = {
  data: Flag.String("data").pipe(
    Flag.optional,
    Flag.withMetavar("folder"),
    Flag.withDescription(
      "Where announcements are kept until they are delivered; .tenterhook where there are --endpoints"
    )
  ),
  endpoints: Flag.String("endpoints").pipe(
    Flag.optional,
    Flag.withMetavar("file"),
    Flag.withDescription("Who gets what hooks announce: JSON, {endpoints: [{url, secret, events}]}")
  ),
  allow: Flag.String("allow").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("place"),
    Flag.withDescription("A place beside public addresses that requests may go to, as 127.0.0.1:8080; may be repeated")
  )
}

export interface OutboxFlags {
  readonly data: Option.Option<string>
  readonly endpoints: Option.Option<string>
  readonly allow: ReadonlyArray<string>
}

export const toolOptions = async (flags: ToolFlags): Promise<HooksOptions> => {
  const folder = Option.getOrUndefined(flags.shared)
  if (flags.tools.length === 0 && folder === undefined) return {}
  const { readServers } = await import("@tenterhook/tool-call")
  const servers = Object.assign({}, ...flags.tools.map((file) => readServers(file)))
  return { tools: { servers, ...(folder === undefined ? {} : { folder: fromHere(folder) }) } }
}

export const outboxOptions = async (flags: OutboxFlags): Promise<Outbox> => {
  const file = Option.getOrUndefined(flags.endpoints)
  const given = file === undefined ? { endpoints: undefined, allow: [] } : await readEndpoints(file)
  const data = Option.getOrUndefined(flags.data)
  const allow = [...flags.allow, ...given.allow]
  if (allow.length > 0) await checkAllow(allow)
  return {
    ...(given.endpoints === undefined ? {} : { endpoints: given.endpoints }),
    ...(data === undefined ? {} : { dataFolder: fromHere(data) }),
    ...(allow.length === 0 ? {} : { allow })
  }
}

/** Whichever flag or file an entry stands in. */
export const checkAllow = async (allow: ReadonlyArray<string>) => {
  const { makeGuard } = await import("@tenterhook/webhook")
  try {
    makeGuard({ allow })
  } catch (error) {
    throw new Refusal(`--allow: ${(error as Error).message}`)
  }
}

export interface Outbox {
  readonly endpoints?: ReadonlyArray<EndpointOptions>
  readonly dataFolder?: string
  readonly allow?: ReadonlyArray<string>
}
