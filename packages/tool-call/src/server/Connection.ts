/** The seam for MCP clients: one live connection to one server, whatever speaks the protocol. */
import type { AdapterReason } from "@tenterhook/core"
import type { Effect, Scope } from "effect"
import type { JsonSchema } from "../Tool.ts"
import type { ServerConfig } from "./ServerConfig.ts"

export interface Connection {
  readonly listTools: Effect.Effect<ReadonlyArray<ServerTool>, AdapterReason>
  /** Fails with `transport` when the server dies meanwhile. Interrupting it tells the server that nobody waits any more. */
  readonly callTool: (
    name: string,
    input: Readonly<Record<string, unknown>>
  ) => Effect.Effect<CallResult, AdapterReason | SessionLost>
  /** Whether the server still answers at all: asked after a call that did not end in time. */
  readonly answers: Effect.Effect<boolean>
  /** Settles once the connection is of no more use; the next call needs another. */
  readonly broken: Effect.Effect<void>
}

export interface ServerTool {
  readonly name: string
  readonly description?: string
  readonly inputSchema: JsonSchema
}

/** What a server answered, as MCP has it; binary content in base64. */
export interface CallResult {
  readonly content: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly structured?: unknown
  readonly isError: boolean
}

/** The server refused the call unread, because it does not know the session any more: it may be sent again in a new one. */
export class SessionLost {
  readonly _tag = "SessionLost"
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

/** Opens one; closing the scope ends it, and for stdio all processes of the server. Fails with `spawn` or `transport`. */
export type Connect = (
  name: string,
  server: ServerConfig,
  options: ConnectOptions
) => Effect.Effect<Connection, AdapterReason, Scope.Scope>

export interface ConnectOptions {
  /** The host's environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** No message of a server may be longer. */
  readonly messageBytes: number
  /** Within which a server must have introduced itself, in milliseconds. */
  readonly startMs: number
  /** Milliseconds between asking a process to end and killing it. */
  readonly graceMs: number
}
