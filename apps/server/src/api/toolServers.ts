/** The MCP servers whose tools hooks may call. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { strict } from "./strict.ts"
import { Exchange } from "./Exchange.ts"
import { NotFound, Unacceptable } from "./Problem.ts"
import { RequiredScopes } from "./Scope.ts"

const ToolServer = Schema.Struct({
  name: Schema.String,
  transport: Schema.Literals(["stdio", "http"])
}).annotate({ identifier: "ToolServer" })

const ToolServers = Schema.Struct({ servers: Schema.Array(ToolServer) }).annotate({ identifier: "ToolServers" })

/** As in the `mcpServers` JSON of most products: `{command, args, env, cwd}` or `{url, headers}`. */
const ServerConfig = Schema.Record(Schema.String, Schema.Unknown)

const name = { name: Schema.NonEmptyString }

export class ToolServersApi extends HttpApiGroup.make("toolServers")
  .add(
    HttpApiEndpoint.get("list", "/v1/tool-servers", { success: ToolServers })
      .annotate(RequiredScopes, ["tools:read"])
      .annotate(OpenApi.Summary, "The MCP servers"),
    HttpApiEndpoint.put("replace", "/v1/tool-servers", {
      payload: Schema.Struct({ mcpServers: Schema.Record(Schema.String, ServerConfig) }),
      success: ToolServers,
      error: Unacceptable
    })
      .annotate(RequiredScopes, ["tools:write", "hooks:write"])
      .annotate(OpenApi.Summary, "Replace all MCP servers"),
    HttpApiEndpoint.put("put", "/v1/tool-servers/:name", {
      params: name,
      payload: ServerConfig,
      success: ToolServers,
      error: Unacceptable
    })
      .annotate(RequiredScopes, ["tools:write", "hooks:write"])
      .annotate(OpenApi.Summary, "Add or replace one MCP server"),
    HttpApiEndpoint.delete("remove", "/v1/tool-servers/:name", {
      params: name,
      success: HttpApiSchema.NoContent,
      error: NotFound
    })
      .annotate(RequiredScopes, ["tools:write"])
      .annotate(OpenApi.Summary, "Remove one MCP server")
  )
  .middleware(Exchange)
  .middleware(Authorization)
  .annotate(HttpApi.PayloadParseOptions, strict)
  .annotate(OpenApi.Title, "Tool servers")
  .annotate(
    OpenApi.Description,
    "MCP servers whose tools hooks call. A server on stdio is a command, so writing needs `hooks:write` as well."
  ) {}
