/** p50 of one fire, Tenterhook against Gemini CLI's hook engine. Only the ratios are claims. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Scenario } from "./contenders/measure.ts"
import { installPeer } from "./Peer.ts"
import { median, shuffled } from "./rounds.ts"

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, count: { type: "string", default: "200" } }
})
const rounds = Number(values.rounds)
const commands = Number(values.count)

const peerVersion = "0.61.0"
const peer = installPeer("@google/gemini-cli-core", peerVersion)
if (peer === null) {
  console.log("skipped: @google/gemini-cli-core could not be installed, and a figure without its peer says nothing")
  process.exit(0)
}

interface Contender {
  readonly name: string
  readonly scenario: Scenario
  readonly argv: ReadonlyArray<string>
}
const contender = (name: string, scenario: Scenario, file: string, ...more: ReadonlyArray<string>): Contender => ({
  name: `${name} ${scenario}`,
  scenario,
  argv: [
    join(import.meta.dirname, "contenders", file),
    scenario,
    String(scenario === "one" ? commands : 200_000),
    ...more
  ]
})
const scenarios: ReadonlyArray<Scenario> = ["zero", "zero-1000", "one"]
const contenders = scenarios.flatMap((scenario) => [
  contender("gemini", scenario, "gemini.ts", peer),
  contender("tenterhook", scenario, "tenterhook.ts")
])

/** A process of its own for each, so that none inherits another's heap or compiled code. */
const run = ({ name, argv }: Contender): number => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, ...argv], { encoding: "utf8" })
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout.trim().split("\n").at(-1)!).p50_us
}

const results = new Map<string, Array<number>>(contenders.map(({ name }) => [name, []]))
for (let round = 1; round <= rounds; round++) {
  for (const one of shuffled(contenders)) results.get(one.name)!.push(run(one))
  console.error(`round ${round} of ${rounds}`)
}

const micros = (name: string) => median(results.get(name)!)
const ratio = (name: string, base: string) =>
  median(results.get(name)!.map((value, round) => value / results.get(base)![round]!))
const row = (what: string, name: string, base: string, goal: string) =>
  console.log(
    `${what.padEnd(42)} ${micros(name).toFixed(2).padStart(10)} ${micros(base).toFixed(2).padStart(10)} ${ratio(name, base).toFixed(2).padStart(8)}x   ${goal}`
  )

console.log(`p50 in microseconds, median of ${rounds} rounds; each ratio is the median of the rounds' own ratios`)
console.log(`${"".padEnd(42)} ${"tenterhook".padStart(10)} ${"gemini".padStart(10)} ${"ratio".padStart(9)}   goal`)
row("event that matches nothing, 0 hooks", "tenterhook zero", "gemini zero", "<= 0.3x")
row("event that matches nothing, 1000 hooks", "tenterhook zero-1000", "gemini zero-1000", "<= 0.3x")
row("one matching command hook", "tenterhook one", "gemini one", "<= 1.5x expected in this version")
console.log(
  `tenterhook, 1000 hooks against 0 hooks: ${ratio("tenterhook zero-1000", "tenterhook zero").toFixed(2)}x (flat: about 1x)`
)
console.log(`peer: @google/gemini-cli-core ${peerVersion}, its own registry, planner, runner and aggregator`)
