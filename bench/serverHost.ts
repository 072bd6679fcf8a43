/** The server that bench/server and bench/cluster measure, with one function that hooks call as a tool. */
import { serve } from "@tenterhook/server"

const [data, databaseUrl] = process.argv.slice(2)
const server = await serve({
  port: 0,
  data: data!,
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
  ratePerSecond: 1_000_000,
  allow: ["127.0.0.0/8"],
  log: console.error,
  tools: [{ name: "note", description: "Does nothing", run: () => "noted" }]
})
process.stdout.write(`${JSON.stringify({ url: server.url, key: server.key })}\n`)
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)))
