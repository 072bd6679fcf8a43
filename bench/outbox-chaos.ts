/** What is lost and what comes twice when the process that announces and delivers is killed every 0.4 to 3 seconds. */
import { runChaos } from "@tenterhook/webhook/outbox-chaos"
import { anySeed, wholeNumbers } from "./wholeNumbers.ts"

const numbers = wholeNumbers({ count: 10_000, seed: anySeed(), rate: 100 })

const tenth = Math.max(1, Math.ceil(numbers.count / 10))
let told = 0
const since = performance.now()
const result = await runChaos({
  count: numbers.count,
  seed: numbers.seed,
  perSecond: numbers.rate,
  progress: (delivered, kills) => {
    if (delivered < told + tenth) return
    told = delivered
    console.error(
      `${delivered} of ${numbers.count} after ${Math.round((performance.now() - since) / 1000)} s, ${kills} kills`
    )
  }
})

const share = (100 * result.duplicates) / result.count
const lines: ReadonlyArray<readonly [string, string]> = [
  ["seed", `${result.seed}`],
  ["announcements", `${result.count}, ${numbers.rate} a second`],
  ["kills", `${result.kills} (kill -9), in ${Math.round(result.seconds)} s`],
  ["requests", `${result.requests}, of them ${result.refused} answered with 503 on purpose`],
  ["lost", `${result.lost}`],
  ["duplicates", `${result.duplicates} (${share.toFixed(3)} %, at most 0.1 %)`],
  ["other webhook-ids", `${result.otherIds}`],
  ["unverified", `${result.unverified.length}`],
  ["wrong records", result.wrongRecords.length === 0 ? "0" : result.wrongRecords.join("; ")]
]
for (const [name, value] of lines) console.log(`${name.padEnd(20)}${value}`)

const sound =
  result.lost === 0 &&
  share <= 0.1 &&
  result.otherIds === 0 &&
  result.unverified.length === 0 &&
  result.wrongRecords.length === 0
console.log(sound ? "ok" : "failed")
process.exitCode = sound ? 0 : 1
