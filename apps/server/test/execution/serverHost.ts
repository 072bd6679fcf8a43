/** A server in a process of its own: tells the URL, the key and each line of its log. Its clock may be moved. */
import { serve, type ServeOptions } from "../../src/index.ts"

export interface Hosting {
  readonly databaseUrl: string
  readonly data: string
  /** How far its clock is ahead of this machine's. */
  readonly aheadMs?: number
}

const { aheadMs = 0, ...place }: Hosting = JSON.parse(process.argv[2]!)
const now = Date.now
Date.now = () => now() + aheadMs

const options: ServeOptions = {
  ...place,
  port: 0,
  env: { PATH: process.env["PATH"]! },
  log: (line) => process.send!({ line })
}
const { url, key } = await serve(options)
process.send!({ url, key })
// Its parent is gone.
process.on("disconnect", () => process.exit(0))
