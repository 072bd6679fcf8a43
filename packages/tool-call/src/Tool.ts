/** A tool: what a host gives, what a catalogue holds, and what came of a call. */
import type { AdapterReason } from "@tenterhook/core"
import type { Effect } from "effect"

/** A JSON Schema, as MCP and agents write one for a tool's input. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A tool of the host's own process. */
export interface ToolDefinition {
  readonly name: string
  readonly description?: string
  /** Held against every input before `run`. Absent: any object. */
  readonly inputSchema?: JsonSchema
  /**
   * Returns what JSON can say, or a promise of it; throwing fails the hook with that text.
   * `signal` aborts at the deadline and on cancellation: whoever works on after that is not waited for.
   */
  readonly run: (input: any, call: { readonly signal: AbortSignal }) => unknown
}

/** A tool that can be called, wherever it is. */
export interface Tool {
  readonly name: string
  /** The MCP server that has it; null for one of the host's own process. */
  readonly server: string | null
  readonly description?: string
  readonly inputSchema?: JsonSchema
  /** Calls it once. Interrupting it cancels the call: a signal in process, a cancellation message on a server. */
  readonly call: (input: Readonly<Record<string, unknown>>) => Effect.Effect<Said, AdapterReason>
}

/** What a tool gave back: as text, and as a value where it has a shape. */
export interface Said {
  readonly text: string
  readonly value: unknown
}

/** How a person writes the tool's name so that it means this one and no other. */
export const fullName = (tool: Pick<Tool, "name" | "server">): string =>
  tool.server === null ? tool.name : `${tool.server}/${tool.name}`
