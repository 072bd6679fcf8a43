/** `bench/fuzz`: spoilt configs and hook outputs over every dialect, or with `--answers` only answers, as many as wanted. */
import { parseArgs } from "node:util"
import { countText } from "./checkAnswer.ts"
import { fuzz } from "./fuzz.ts"

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    from: { type: "string", default: "0" },
    answers: { type: "string" },
    kind: { type: "string" }
  }
})
const [runs, seed, from] = [values.answers ?? values.runs, values.seed, values.from].map(Number) as [
  number,
  number,
  number
]
if (![runs, seed, from].every(Number.isSafeInteger) || ![undefined, "config", "output"].includes(values.kind)) {
  console.error("bench/fuzz [--answers N | --runs N [--kind config|output]] [--seed N] [--from N]: N are whole numbers")
  process.exit(2)
}

let broken = 0
for (const kind of values.answers === undefined ? (["config", "output"] as const) : (["answer"] as const)) {
  if (values.kind !== undefined && values.answers === undefined && values.kind !== kind) continue
  let told = performance.now()
  const onProgress = (done: number) => {
    if (performance.now() - told < 5_000) return
    told = performance.now()
    console.error(`${kind}: ${done} of ${runs}`)
  }
  const result = await fuzz({ kind, runs, seed, from, onProgress })
  for (const what of result.broken) console.log(`${kind}: ${what}\n`)
  const seconds = (result.durationMs / 1000).toFixed(1)
  console.log(`${kind}: seed ${seed}, ${result.runs} runs in ${seconds} s, ${result.broken.length} broken promises`)
  if (kind === "answer") console.log(countText(result.answers))
  broken += result.broken.length
}
process.exit(broken === 0 ? 0 : 1)
