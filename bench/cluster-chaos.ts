/** What is lost, what comes twice and how long it takes when servers on one Postgres are killed, frozen and cut off. */
import { type ClusterChaosResult, clusterGoals, isClusterSound, runClusterChaos } from "@tenterhook/server/chaos"
import { startPostgres } from "@tenterhook/testing-postgres"
import { join } from "node:path"
import { type Figure, findings, report } from "./chaosReport.ts"
import { anySeed, wholeNumbers } from "./wholeNumbers.ts"

const numbers = wholeNumbers({
  executions: 20_000,
  seed: anySeed(),
  servers: 3,
  clients: 16,
  endpoints: 3,
  "per-second": 8
})

const program = join(import.meta.dirname, "..", "apps", "cli", "bin", "tenterhook.js")
const tenth = Math.max(1, Math.ceil(numbers.executions / 10))
const since = performance.now()
const database = await startPostgres({ ahead: true, settings: { autovacuum: "on" } })
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
  Object.entries(Object.groupBy(rounds, ({ kind }) => kind)).map(([kind, some = []]): Figure => {
    const waited = some.map(({ caughtUpSeconds }) => caughtUpSeconds).toSorted((a, b) => a - b)
    const repeated = some.reduce((sum, { duplicates }) => sum + duplicates, 0)
    const longest = Math.max(...some.map(({ lastedSeconds }) => lastedSeconds))
    const middle = waited[waited.length >> 1]!
    return [
      `  ${kind}`,
      `${some.length}, up to ${longest.toFixed(1)} s; caught up after ${middle.toFixed(1)} s, at most ${waited.at(-1)!.toFixed(1)} s; ${repeated} deliveries again`
    ]
  })

report(
  [
    ["seed", `${result.seed}`],
    ["servers", `${result.servers} on one Postgres, ${result.clients} clients, ${result.endpoints} endpoints`],
    ["executions", `${result.executions} in ${Math.round(result.seconds)} s; ${result.aborted} whose host died`],
    ["disturbances", `${result.rounds.length}`],
    ...roundsIn(result),
    ["take-over", `${result.takeOverSeconds.toFixed(1)} s at most (goal: ${clusterGoals.takeOverSeconds} s)`],
    ["healed", `${result.healSeconds.toFixed(1)} s after the mending at most (goal: ${clusterGoals.healSeconds} s)`],
    ["settled", `${result.settleSeconds.toFixed(1)} s after the load`],
    ...findings(result),
    ["lines logged", `${logged}`]
  ],
  isClusterSound(result)
)
