/** What is lost and what comes twice when the server is killed every 0.4 to 3 seconds while clients drive it. */
import { isSound, runChaos } from "@tenterhook/server/chaos"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    executions: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    clients: { type: "string", default: "16" }
  }
})
const numbers = { executions: Number(values.executions), seed: Number(values.seed), clients: Number(values.clients) }
for (const [name, value] of Object.entries(numbers)) {
  if (Number.isInteger(value) && value >= (name === "seed" ? 0 : 1)) continue
  console.error(`--${name}: expected a whole number, got "${values[name as keyof typeof values]}"`)
  process.exit(2)
}

const program = join(import.meta.dirname, "..", "apps", "cli", "bin", "tenterhook.js")
const tenth = Math.max(1, Math.ceil(numbers.executions / 10))
const since = performance.now()
const result = await runChaos({
  ...numbers,
  command: [process.execPath, program, "serve"],
  progress: (driven, kills) => {
    if (driven % tenth !== 0) return
    const seconds = Math.round((performance.now() - since) / 1000)
    console.error(`${driven} of ${numbers.executions} after ${seconds} s, ${kills} kills`)
  }
})

const share = (100 * result.duplicates) / Math.max(1, result.deliveries)
const some = (list: ReadonlyArray<string>) =>
  list.length === 0 ? "0" : `${list.length}: ${list.slice(0, 10).join("; ")}${list.length > 10 ? "; …" : ""}`
const lines: ReadonlyArray<readonly [string, string]> = [
  ["seed", `${result.seed}`],
  ["executions", `${result.executions}, ${result.clients} at the same time; ${result.aborted} whose host died`],
  ["kills", `${result.kills} (kill -9), ${result.killsAtStart} before it answered, in ${Math.round(result.seconds)} s`],
  ["settled", `${result.settleSeconds.toFixed(1)} s after the last start`],
  ["requests", `${result.requests}, of them ${result.repeats} sent again`],
  ["executions lost", some(result.lostExecutions)],
  ["fires on record", `${result.fires}`],
  ["hook calls", `${result.calls + result.repeatedCalls}, of them ${result.repeatedCalls} repeated after a kill`],
  ["deliveries", `${result.deliveries} in ${result.deliveryRequests} requests, ${result.refused} refused on purpose`],
  ["deliveries lost", some(result.lostDeliveries)],
  ["duplicates", `${result.duplicates} (${share.toFixed(3)} %, goal: at most 0.1 %)`],
  ["other webhook-ids", `${result.otherIds}`],
  ["unverified", some(result.unverified)],
  ["wrong records", some(result.wrong)],
  [
    "rows",
    Object.entries(result.rows)
      .map(([table, n]) => `${table} ${n}`)
      .join(", ")
  ]
]
for (const [name, value] of lines) console.log(`${name.padEnd(20)}${value}`)

const sound = isSound(result)
console.log(sound ? "ok" : "failed")
process.exitCode = sound ? 0 : 1
