/** An MCP server on stdin and stdout with one tool, which denies. */
import { createInterface } from "node:readline"

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "guards", version: "1.0.0" }
  }),
  "tools/list": () => ({ tools: [{ name: "guard", inputSchema: { type: "object" } }] }),
  "tools/call": () => ({ content: [{ type: "text", text: '{"verdict":"deny","reason":"the MCP server denies"}' }] })
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: answers[method]?.(params) ?? {} }))
})
