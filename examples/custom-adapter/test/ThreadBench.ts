/** The far side of the thread adapter: small modules that do what each promise of the contract needs. */
import { Bench, type Behaviour } from "@tenterhook/conformance"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { living } from "../src/ThreadAdapter.ts"

export const makeBench = () => {
  const folder = mkdtempSync(join(tmpdir(), "thread-bench-"))
  const log = join(folder, "log")
  writeFileSync(log, "")
  const logged = (word: string) =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line === word).length

  let modules = 0
  const write = (body: string) => {
    const module = join(folder, `${++modules}.mjs`)
    const imports = `import { appendFileSync } from "node:fs"\nimport { createHash } from "node:crypto"\nimport { parentPort, workerData } from "node:worker_threads"`
    writeFileSync(
      module,
      `${imports}\nconst log = (word) => appendFileSync(${JSON.stringify(log)}, word + "\\n")\nlog("begun")\n${body}\n`
    )
    return { kind: "thread", module } as const
  }

  return Bench.of({
    kind: "thread",
    capabilities: {
      speaks: "value",
      partial: true,
      status: true,
      diagnostics: false,
      outputLimitBytes: null,
      payload: true,
      missing: true,
      stubborn: true,
      dies: "tool",
      leaves: false
    },
    arrange: (behaviour) =>
      Effect.sync(() =>
        behaviour._tag === "Missing" ? { kind: "thread", module: join(folder, "gone.mjs") } : write(program(behaviour))
      ),
    alive: Effect.sync(() => living.size),
    begun: Effect.sync(() => logged("begun")),
    spoken: Effect.gen(function* () {
      while (logged("spoken") === 0) yield* Effect.sleep(5)
      yield* Effect.sleep(20)
    })
  })
}

const say = (text: string) => `parentPort.postMessage(${JSON.stringify(text)})`

const program = (behaviour: Behaviour): string => {
  switch (behaviour._tag) {
    case "Replies":
      return `${say(behaviour.saying)}\nprocess.exit(${behaviour.status})`
    case "Hangs":
      return `${say(behaviour.saying)}\nlog("spoken")\nsetInterval(() => {}, 1000)`
    case "Stubborn":
      return `${say(behaviour.saying)}\nlog("spoken")\nfor (;;) {}`
    case "Floods": {
      const filler = behaviour.bytes - behaviour.head.length - behaviour.tail.length
      return `parentPort.postMessage(${JSON.stringify(behaviour.head)} + "-".repeat(${filler}) + ${JSON.stringify(behaviour.tail)})`
    }
    case "Digests":
      return `parentPort.postMessage(workerData.length + " " + createHash("sha256").update(workerData).digest("hex"))`
    case "Dies":
      return `throw new Error("disk full")`
    case "Ignores":
      return say(behaviour.saying)
    case "Missing":
    case "Leaves":
      return ""
  }
}
