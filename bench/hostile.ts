/** What is left after thousands of commands that misbehave: processes, descriptors, and how long each took to settle. */
import { boundMs, runCampaign } from "@tenterhook/shell/hostile"
import { anySeed, wholeNumbers } from "./wholeNumbers.ts"

const numbers = wholeNumbers({ runs: 10_000, seed: anySeed(), parallel: 4 })

const tenth = Math.max(1, Math.ceil(numbers.runs / 10))
const since = performance.now()
const campaign = await runCampaign({
  ...numbers,
  progress: (done) => {
    if (done % tenth === 0)
      console.error(`${done} of ${numbers.runs} after ${Math.round((performance.now() - since) / 1000)} s`)
  }
})

const lines: ReadonlyArray<readonly [string, string]> = [
  ["seed", `${campaign.seed}`],
  ["runs", `${campaign.runs}`],
  ["kinds", `${campaign.kinds}`],
  ["orphans", `${campaign.orphans.length}`],
  ["leaked descriptors", `${campaign.leakedDescriptors}`],
  ["p50 settle", `${Math.round(campaign.p50Ms)} ms`],
  ["p99 settle", `${Math.round(campaign.p99Ms)} ms; at most ${boundMs} ms: timeout + grace + 500 ms`],
  ["worst", `${Math.round(campaign.worst.ms)} ms: ${campaign.worst.kind}`],
  ["surprises", `${campaign.surprises.length}`]
]
for (const [name, value] of lines) console.log(`${name.padEnd(20)}${value}`)
for (const orphan of campaign.orphans) console.log(`orphan: ${orphan}`)
for (const surprise of new Set(campaign.surprises)) console.log(`surprise: ${surprise}`)

const sound =
  campaign.orphans.length === 0 &&
  campaign.leakedDescriptors <= 0 &&
  campaign.p99Ms <= boundMs &&
  campaign.surprises.length === 0
console.log(sound ? "ok" : "failed")
process.exitCode = sound ? 0 : 1
