/** A server on a data folder, in a process of its own: tells its URL and the first key, and drains at SIGTERM. */
import { serve } from "../../src/index.ts"
import { note } from "./note.ts"

const server = await serve({
  port: 0,
  data: process.argv[2]!,
  allow: ["127.0.0.0/8"],
  ratePerSecond: 1_000_000,
  tools: [note]
})
process.send!({ url: server.url, key: server.key })
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)))
// Its parent is gone.
process.on("disconnect", () => process.exit(0))
