/** Calls the host's tools as hooks: functions, MCP servers, files of a shared folder. */
export * as ToolAdapter from "./ToolAdapter.ts"
export {
  defaultLimits,
  type Limits,
  makeToolkit,
  type Toolkit,
  type ToolkitOptions,
  type ToolSource
} from "./Toolkit.ts"
export { fullName, type JsonSchema, type Said, type Tool, type ToolDefinition } from "./Tool.ts"
export {
  type Catalogue,
  type CatalogueServer,
  defaultResolver,
  type Resolution,
  type Resolver,
  slugOf,
  wachtResolver
} from "./Resolver.ts"
export {
  type HttpServer,
  parseServers,
  type ParseOptions,
  readServers,
  type ServerConfig,
  type Servers,
  type StdioServer
} from "./server/ServerConfig.ts"
export {
  type CallResult,
  type Connect,
  type Connection,
  type ConnectOptions,
  type ServerTool,
  SessionLost
} from "./server/Connection.ts"
export { ToolsError } from "./ToolsError.ts"
