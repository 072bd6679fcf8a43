/** `bench/stdin --runs N`: contexts of 10 MB through pipes of every kind. */
import { join } from "node:path"
import { wholeNumbers } from "../../../../bench/wholeNumbers.ts"
import { runAll } from "./stdinRuns.ts"

const { runs, size, parallel } = wholeNumbers({ runs: 200, size: 10_000_000, parallel: 2 })
const since = performance.now()
const tenth = Math.max(1, Math.ceil(runs / 10))
const failures = await runAll({
  runs,
  parallel,
  program: join(import.meta.dirname, "../../bin/tenterhook.js"),
  size,
  onRun: (done) => {
    if (done % tenth === 0)
      console.error(`${done} of ${runs} after ${Math.round((performance.now() - since) / 1000)} s`)
  }
})
for (const failure of failures) console.log(failure)
console.log(`${runs} runs of ${size} bytes, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
