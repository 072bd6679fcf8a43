/** What is lost and what comes twice when the server is killed every 0.4 to 3 seconds while clients drive it. */
import { isSound, runChaos } from "@tenterhook/server/chaos"
import { join } from "node:path"
import { findings, report } from "./chaosReport.ts"
import { anySeed, wholeNumbers } from "./wholeNumbers.ts"

const numbers = wholeNumbers({ executions: 10_000, seed: anySeed(), clients: 16 })

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

report(
  [
    ["seed", `${result.seed}`],
    ["executions", `${result.executions}, ${result.clients} at the same time; ${result.aborted} whose host died`],
    [
      "kills",
      `${result.kills} (kill -9), ${result.killsAtStart} before it answered, in ${Math.round(result.seconds)} s`
    ],
    ["settled", `${result.settleSeconds.toFixed(1)} s after the last start`],
    ...findings(result)
  ],
  isSound(result)
)
