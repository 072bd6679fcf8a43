/**
 * Durable enqueue against pg-boss, and signed durable delivery against graphile-worker, all on one Postgres that waits
 * for its disk. Only the ratios are claims: contenders run one after the other in each round, each in a process and a
 * database of its own.
 */
import { startPostgres } from "@tenterhook/testing-postgres"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { median, shuffled } from "./rounds.ts"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    only: { type: "string" },
    /** For a look at one of them. */
    contender: { type: "string" }
  }
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
if (!Number.isInteger(rounds) || rounds < 1 || !(seconds > 0)) {
  console.error("--rounds and --seconds: expected numbers above 0")
  process.exit(2)
}
if (values.only !== undefined && values.only !== "enqueue" && values.only !== "end-to-end") {
  console.error(`--only: expected enqueue or end-to-end, got "${values.only}"`)
  process.exit(2)
}

interface Run {
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

const enqueue = [
  ...["tenterhook", "pg-boss"].flatMap((name) => [1, 16, 64].map((callers) => `enqueue ${name} ${callers}`)),
  "enqueue ceiling 64"
]
const deliver = ["deliver tenterhook 64", "deliver graphile-worker 64", "deliver ceiling 64"]
const contenders = [
  ...(values.only === "end-to-end" ? [] : enqueue),
  ...(values.only === "enqueue" ? [] : deliver)
].filter((name) => values.contender === undefined || name.includes(values.contender))

const postgres = await startPostgres({
  fsync: true,
  settings: {
    shared_buffers: "512MB",
    max_wal_size: "4GB",
    checkpoint_timeout: "15min",
    effective_cache_size: "2GB",
    random_page_cost: "1.1",
    autovacuum: "on"
  }
})
const file = (name: string) => join(import.meta.dirname, name)

const receiver = spawn(process.execPath, [...process.execArgv, file("deliverReceiver.ts")], {
  stdio: ["ignore", "pipe", "inherit"]
})
const port = await new Promise<string>((done, failed) => {
  receiver.once("exit", () => failed(new Error("the receiver did not start")))
  receiver.stdout.once("data", (data) => done(String(data).trim()))
})

/** A process of its own for each, so that none inherits another's heap, connections or compiled code. */
const run = async (contender: string): Promise<Run> => {
  const argv = [file("queueContender.ts"), ...contender.split(" "), postgres.url, port, String(seconds)]
  const child = spawn(process.execPath, [...process.execArgv, ...argv], { stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  let complained = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complained += text))
  const code = await new Promise((done) => child.once("close", done))
  if (code !== 0) throw new Error(`${contender} ended with ${String(code)}: ${complained.slice(-3000)}`)
  return JSON.parse(said.trim().split("\n").at(-1)!) as Run
}

const results = new Map<string, Array<Run>>(contenders.map((name) => [name, []]))
try {
  for (let round = 1; round <= rounds; round++) {
    for (const one of shuffled(contenders)) results.get(one)!.push(await run(one))
    console.error(`round ${round} of ${rounds}`)
  }
} finally {
  receiver.removeAllListeners("exit").kill()
  await postgres.stop()
}

const runsOf = (name: string) => results.get(name)
const show = (what: string, runs: ReadonlyArray<Run>) => {
  const [rate, p50, p99] = (["rate", "p50", "p99"] as const).map((key) => median(runs.map((one) => one[key])))
  console.log(
    `${what.padEnd(34)}${Math.round(rate!).toString().padStart(8)}/s   p50 ${p50!.toFixed(2).padStart(7)} ms   p99 ${p99!.toFixed(2).padStart(7)} ms`
  )
}
/** In each round, and their median. */
const showRatio = (what: string, ratios: ReadonlyArray<number>, goal: string) =>
  console.log(
    `${what.padEnd(48)}${median(ratios).toFixed(2).padStart(7)}x   (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})   goal ${goal}`
  )
const ratiosOf = (ours: string, theirs: ReadonlyArray<string>, of: (run: Run) => number): ReadonlyArray<number> => {
  const mine = runsOf(ours)
  const others = theirs.flatMap((name) => runsOf(name) ?? [])
  if (mine === undefined || others.length === 0) return []
  return mine.map((one, round) => of(one) / Math.max(...theirs.map((name) => of(runsOf(name)![round]!))))
}

const versionOf = (name: string) =>
  (JSON.parse(readFileSync(file(`node_modules/${name}/package.json`), "utf8")) as { version: string }).version
console.log(
  `Postgres with fsync and synchronous_commit on, node ${process.version}, ${cpus().length} cores for all; pg-boss ${versionOf("pg-boss")}, graphile-worker ${versionOf("graphile-worker")}; median of ${rounds} shuffled rounds of ${seconds} s`
)
if (contenders.some((name) => name.startsWith("enqueue"))) {
  console.log("\nenqueue: a call is over when its 1 KB are on disk")
  for (const name of enqueue) {
    const [, who, callers] = name.split(" ")
    const runs = runsOf(name)
    if (runs === undefined) continue
    const ours = `${who}, ${callers} ${callers === "1" ? "caller" : "callers"}`
    show(who === "ceiling" ? `a bare table, ${callers} rows a statement` : ours, runs)
  }
  const rate = ({ rate }: Run) => rate
  const same = ratiosOf("enqueue tenterhook 64", ["enqueue pg-boss 64"], rate)
  if (same.length > 0) showRatio("64 callers against 64 of pg-boss", same, ">= 25x")
  const best = ratiosOf(
    "enqueue tenterhook 64",
    [1, 16, 64].map((callers) => `enqueue pg-boss ${callers}`),
    rate
  )
  if (best.length > 0) showRatio("64 callers against pg-boss' best", best, ">= 25x")
  const ceiling = ratiosOf("enqueue ceiling 64", ["enqueue pg-boss 64"], rate)
  if (ceiling.length > 0) showRatio("the bare table against 64 of pg-boss", ceiling, "none: a ceiling")
  const alone = ratiosOf("enqueue tenterhook 1", ["enqueue pg-boss 1"], ({ p50 }) => p50)
  if (alone.length > 0) showRatio("p50 of one caller, share of pg-boss'", alone, "<= 1x")
}
if (contenders.some((name) => name.startsWith("deliver"))) {
  console.log("\nend to end: wait in Postgres, are taken, signed, sent by undici, acknowledged")
  console.log("p50 and p99: of one at a time, from the call that enqueues it to its answer")
  for (const name of deliver) {
    const runs = runsOf(name)
    if (runs !== undefined)
      show(name === "deliver ceiling 64" ? "no queue: signed and sent" : name.split(" ")[1]!, runs)
  }
  const ratios = ratiosOf("deliver tenterhook 64", ["deliver graphile-worker 64"], ({ rate }) => rate)
  if (ratios.length > 0) showRatio("deliveries against graphile-worker", ratios, ">= 1.8x")
  const ceiling = ratiosOf("deliver ceiling 64", ["deliver graphile-worker 64"], ({ rate }) => rate)
  if (ceiling.length > 0) showRatio("no queue at all against graphile-worker", ceiling, "none: a ceiling")
}
