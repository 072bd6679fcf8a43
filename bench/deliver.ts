/** Signed deliveries per second from one process, against global fetch and Effect's undici client. Only the ratios are claims. */
import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { installPeer } from "./Peer.ts"
import { median, shuffled } from "./rounds.ts"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "64" }
  }
})
const rounds = Number(values.rounds)
const file = (name: string) => join(import.meta.dirname, name)

const peerVersion = "4.1.0"
const peer = installPeer("@effect/platform-node", peerVersion)
if (peer === null) console.log("skipped: effect's client, for @effect/platform-node could not be installed")
const contenders = ["tenterhook", "fetch", ...(peer === null ? [] : ["effect"])]

const receiver = spawn(process.execPath, [...process.execArgv, file("deliverReceiver.ts")], {
  stdio: ["ignore", "pipe", "inherit"]
})
const port = await new Promise<string>((done, failed) => {
  receiver.once("exit", () => failed(new Error("the receiver did not start")))
  receiver.stdout.once("data", (data) => done(String(data).trim()))
})

/** A process of its own for each, so that none inherits another's heap, connections or compiled code. */
const run = (name: string): number => {
  const argv = [file("deliverContender.ts"), name, port, values.connections, values.seconds, peer ?? ""]
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, ...argv], { encoding: "utf8" })
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout.trim().split("\n").at(-1)!).rate
}

const results = new Map<string, Array<number>>(contenders.map((name) => [name, []]))
try {
  for (let round = 1; round <= rounds; round++) {
    for (const one of shuffled(contenders)) results.get(one)!.push(run(one))
    console.error(`round ${round} of ${rounds}`)
  }
} finally {
  receiver.removeAllListeners("exit").kill()
}

const ratiosTo = (base: string) => results.get("tenterhook")!.map((rate, round) => rate / results.get(base)![round]!)
const row = (what: string, name: string, goal: string) => {
  if (!results.has(name)) return
  const ratios = ratiosTo(name)
  const spread = `${Math.min(...ratios).toFixed(1)}-${Math.max(...ratios).toFixed(1)}`
  console.log(
    `${what.padEnd(34)} ${Math.round(median(results.get(name)!))
      .toString()
      .padStart(8)} ${median(ratios).toFixed(2).padStart(10)}x  ${spread.padStart(10)}   ${goal}`
  )
}
console.log(
  `deliveries per second, 1 KB each, ${values.connections} at a time, median of ${rounds} shuffled rounds of ${values.seconds} s`
)
console.log(
  `${"".padEnd(34)} ${"per second".padStart(8)} ${"tenterhook is".padStart(10)} ${"spread".padStart(9)}    goal`
)
console.log(
  `${"tenterhook, signed and guarded".padEnd(34)} ${Math.round(median(results.get("tenterhook")!))
    .toString()
    .padStart(8)}`
)
row("global fetch, signed", "fetch", ">= 7x")
row(`Effect's undici client, signed`, "effect", ">= 3x")
