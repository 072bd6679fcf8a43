/** What is lost, what comes twice and how long it takes when servers on one Postgres are killed, frozen and cut off. */
import { type ClusterChaosResult, isClusterSound, runClusterChaos } from "@tenterhook/server/chaos"
import { startPostgres } from "@tenterhook/testing-postgres"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    executions: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    servers: { type: "string", default: "3" },
    clients: { type: "string", default: "16" },
    endpoints: { type: "string", default: "3" },
    "per-second": { type: "string", default: "8" }
  }
})
const numbers = {
  executions: Number(values.executions),
  seed: Number(values.seed),
  servers: Number(values.servers),
  clients: Number(values.clients),
  endpoints: Number(values.endpoints),
  "per-second": Number(values["per-second"])
}
for (const [name, value] of Object.entries(numbers)) {
  if (Number.isInteger(value) && value >= (name === "seed" ? 0 : 1)) continue
  console.error(`--${name}: expected a whole number, got "${values[name as keyof typeof values]}"`)
  process.exit(2)
}

const program = join(import.meta.dirname, "..", "apps", "cli", "bin", "tenterhook.js")
const tenth = Math.max(1, Math.ceil(numbers.executions / 10))
const since = performance.now()
const database = await startPostgres()
let [logged, told] = [0, 0]
const result = await runClusterChaos({
  ...numbers,
  perSecond: numbers["per-second"],
  database,
  command: [process.execPath, program, "serve"],
  log: (server, text) => {
    logged += text.split("\n").length - 1
    if (process.env["CHAOS_LOG"] !== undefined) process.stderr.write(text.replaceAll(/^/gm, `server ${server}: `))
  },
  progress: (driven, rounds) => {
    if (process.env["CHAOS_LOG"] !== undefined && rounds.length > told) console.error(JSON.stringify(rounds[told++]))
    if (driven % tenth !== 0) return
    const seconds = Math.round((performance.now() - since) / 1000)
    console.error(`${driven} executions after ${seconds} s, ${rounds.length} disturbances`)
  }
}).finally(() => database.stop())

const roundsIn = ({ rounds }: ClusterChaosResult) =>
  Object.entries(Object.groupBy(rounds, ({ kind }) => kind)).map(([kind, some = []]): readonly [string, string] => {
    const waited = some.map(({ caughtUpSeconds }) => caughtUpSeconds).toSorted((a, b) => a - b)
    const longest = Math.max(...some.map(({ lastedSeconds }) => lastedSeconds))
    const middle = waited[waited.length >> 1]!
    return [
      `  ${kind}`,
      `${some.length}, up to ${longest.toFixed(1)} s; caught up after ${middle.toFixed(1)} s, at most ${waited.at(-1)!.toFixed(1)} s`
    ]
  })

const share = (100 * result.duplicates) / Math.max(1, result.deliveries)
const some = (list: ReadonlyArray<string>) =>
  list.length === 0 ? "0" : `${list.length}: ${list.slice(0, 10).join("; ")}${list.length > 10 ? "; …" : ""}`
const lines: ReadonlyArray<readonly [string, string]> = [
  ["seed", `${result.seed}`],
  ["servers", `${result.servers} on one Postgres, ${result.clients} clients, ${result.endpoints} endpoints`],
  ["executions", `${result.executions} in ${Math.round(result.seconds)} s; ${result.aborted} whose host died`],
  ["disturbances", `${result.rounds.length}`],
  ...roundsIn(result),
  ["take-over", `${result.takeOverSeconds.toFixed(1)} s at most (goal: 20 s)`],
  ["healed", `${result.healSeconds.toFixed(1)} s after the mending at most (goal: 60 s)`],
  ["settled", `${result.settleSeconds.toFixed(1)} s after the load`],
  ["requests", `${result.requests}, of them ${result.repeats} sent again`],
  ["executions lost", some(result.lostExecutions)],
  ["fires on record", `${result.fires}, of them ${result.repeatedFires} at a second server`],
  ["hook calls", `${result.calls + result.repeatedCalls}, of them ${result.repeatedCalls} repeated`],
  ["deliveries", `${result.deliveries} in ${result.deliveryRequests} requests, ${result.refused} refused on purpose`],
  ["deliveries lost", some(result.lostDeliveries)],
  ["duplicates", `${result.duplicates} (${share.toFixed(3)} %, goal: at most 0.1 %)`],
  ["other webhook-ids", `${result.otherIds}`],
  ["unverified", some(result.unverified)],
  ["wrong records", some(result.wrong)],
  ["lines logged", `${logged}`],
  [
    "rows",
    Object.entries(result.rows)
      .map(([table, n]) => `${table} ${n}`)
      .join(", ")
  ]
]
for (const [name, value] of lines) console.log(`${name.padEnd(20)}${value}`)

const sound = isClusterSound(result)
console.log(sound ? "ok" : "failed")
process.exitCode = sound ? 0 : 1
