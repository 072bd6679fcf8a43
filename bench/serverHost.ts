/** The server that bench/server measures, with one function that hooks call as a tool. */
import { serve } from "@tenterhook/server"

const server = await serve({
  port: 0,
  data: process.argv[2]!,
  ratePerSecond: 1_000_000,
  log: console.error,
  tools: [{ name: "note", description: "Does nothing", run: () => "noted" }]
})
process.stdout.write(`${JSON.stringify({ url: server.url, key: server.key })}\n`)
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)))
