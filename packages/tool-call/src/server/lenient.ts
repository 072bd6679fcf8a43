/** Servers are not as strict as the client: what they get slightly wrong, or say in an older revision, is put right here. */

type Json = Readonly<Record<string, unknown>>

/** The result as the client expects it. Of tools and content only what we have a use for is left. */
export const lenient = (method: string, result: unknown): unknown => {
  if (!isRecord(result)) return result
  switch (method) {
    case "initialize":
      return olderVersion(result) === null ? result : { ...result, protocolVersion: "2025-11-25" }
    case "tools/list":
      return { ...result, tools: Array.isArray(result["tools"]) ? result["tools"].flatMap(toolOf) : [] }
    case "tools/call":
      return { ...result, content: Array.isArray(result["content"]) ? result["content"].map(blockOf) : [] }
    default:
      return result
  }
}

/** The older revision that an answer to `initialize` agrees on; tools are the same in all of them. */
export const olderVersion = (result: unknown): string | null => {
  const version = isRecord(result) ? result["protocolVersion"] : null
  return typeof version === "string" && olderVersions.includes(version) ? version : null
}

const olderVersions = ["2024-11-05", "2025-03-26", "2025-06-18"]

const toolOf = (tool: unknown): ReadonlyArray<Json> => {
  if (!isRecord(tool) || typeof tool["name"] !== "string") return []
  const { name, description, inputSchema, execution } = tool
  return [
    {
      name,
      inputSchema: isRecord(inputSchema) ? { ...inputSchema, type: "object" } : { type: "object" },
      ...(typeof description === "string" ? { description } : {}),
      ...(isRecord(execution) ? { execution } : {})
    }
  ]
}

/** A block of a kind that the client does not know is its JSON as text. */
const blockOf = (block: unknown): Json => {
  if (!isRecord(block) || !kinds.includes(String(block["type"]))) return { type: "text", text: JSON.stringify(block) }
  const { annotations: _annotations, _meta, icons: _icons, ...rest } = block
  return rest
}

const kinds = ["text", "image", "audio", "resource", "resource_link"]

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
