/** A function that hooks call as a tool. */
import type { ToolDefinition } from "@tenterhook/tool-call"

export const note: ToolDefinition = { name: "note", description: "Does nothing", run: () => "noted" }
