/** `bench/server-fuzz`: requests made from the OpenAPI document of a server, as many as wanted. */
import { serve } from "@tenterhook/server"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { fuzz, startReceiver } from "./fuzz.ts"

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    parallel: { type: "string", default: "8" }
  }
})
const [requests, seed, parallel] = [values.requests, values.seed, values.parallel].map(Number) as [
  number,
  number,
  number
]
if (![requests, seed, parallel].every(Number.isSafeInteger) || requests < 1 || parallel < 1) {
  console.error("bench/server-fuzz [--requests N] [--seed N] [--parallel N]: N are whole numbers")
  process.exit(2)
}

const data = mkdtempSync(join(tmpdir(), "tenterhook-fuzz-"))
const receiver = await startReceiver()
let logged = 0
const server = await serve({
  port: 0,
  data,
  allow: [receiver.place],
  ratePerSecond: 1_000_000,
  log: (text) => {
    if (++logged <= 20) console.error(text)
  }
})
let told = performance.now()
const result = await fuzz({
  url: server.url,
  key: server.key!,
  requests,
  seed,
  parallel,
  receiver: receiver.url,
  onProgress: (done) => {
    if (performance.now() - told < 10_000) return
    told = performance.now()
    console.error(`${done} of ${requests}`)
  }
})
const memory = process.memoryUsage().rss
await server.close()
await receiver.close()
rmSync(data, { recursive: true, force: true })

for (const what of result.broken) console.log(`${what}\n`)
const unreached = result.operations.filter((id) => !result.reached.includes(id))
const shares = Object.entries(result.statuses).map(([status, count]) => `${status}: ${count}`)
const lines: ReadonlyArray<readonly [string, string]> = [
  ["seed", `${result.seed}`],
  ["requests", `${result.requests} in ${result.seconds.toFixed(1)} s`],
  ["answers", shares.join(", ")],
  [
    "operations",
    `${result.reached.length} of ${result.operations.length} did what they are for${unreached.length === 0 ? "" : `, not ${unreached.join(", ")}`}`
  ],
  ["lines in the log", `${logged}`],
  ["memory", `${Math.round(memory / 1024 / 1024)} MiB, client and server`],
  ["broken promises", `${result.broken.length}`]
]
for (const [name, value] of lines) console.log(`${name.padEnd(20)}${value}`)
process.exit(result.broken.length === 0 ? 0 : 1)
