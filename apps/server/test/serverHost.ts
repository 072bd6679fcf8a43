/** A server in a process of its own, which its parent may kill: tells the URL and the first key. */
import { serve } from "../src/index.ts"

const [databaseUrl, data] = process.argv.slice(2)
const { url, key } = await serve({
  port: 0,
  data: data!,
  databaseUrl: databaseUrl!,
  env: { PATH: process.env["PATH"]! }
})
process.send!({ url, key })
// Its parent is gone.
process.on("disconnect", () => process.exit(0))
