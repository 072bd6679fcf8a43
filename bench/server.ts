/** What the server takes over HTTP: fires that match nothing, one function hook, the slowest of 100 clients, its memory. */
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Pool } from "undici"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    clients: { type: "string", default: "100" },
    /** How long memory is watched, under fires that match nothing and fires that call a function. */
    minutes: { type: "string", default: "10" }
  }
})
const [seconds, clients, minutes] = [values.seconds, values.clients, values.minutes].map(Number) as [
  number,
  number,
  number
]
if (![seconds, clients, minutes].every((one) => one >= 0) || clients < 1) {
  console.error("--seconds, --clients and --minutes: expected numbers")
  process.exit(2)
}

const data = await mkdtemp(join(tmpdir(), "tenterhook-bench-"))
const server = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, "serverHost.ts"), data], {
  stdio: ["ignore", "pipe", "inherit"]
})
const { url, key } = await new Promise<{ url: string; key: string }>((done, failed) => {
  server.once("exit", () => failed(new Error("the server did not start")))
  server.stdout.once("data", (line) => done(JSON.parse(String(line))))
})
const pool = new Pool(url, { connections: clients, pipelining: 1 })
const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }

const ask = async (method: "GET" | "POST", path: string, body?: string): Promise<string> => {
  const answer = await pool.request({ method, path, headers, ...(body === undefined ? {} : { body }) })
  const text = await answer.body.text()
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
  return text
}

interface Run {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/** So many clients, each doing it again and again. */
const run = async (once: () => Promise<unknown>, forSeconds: number): Promise<Run> => {
  const took: Array<number> = []
  const until = performance.now() + forSeconds * 1000
  const started = performance.now()
  const client = async () => {
    while (performance.now() < until) {
      const from = performance.now()
      await once()
      took.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const spent = (performance.now() - started) / 1000
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0
  return { perSecond: took.length / spent, p50: at(0.5), p99: at(0.99) }
}

const memoryNow = async (): Promise<number> => {
  const figures = await ask("GET", "/metrics")
  return Number(/^tenterhook_resident_memory_bytes (\S+)/m.exec(figures)![1]) / 1024 / 1024
}

const show = (what: string, { perSecond, p50, p99 }: Run, goal = "") =>
  console.log(
    `${what.padEnd(38)}${Math.round(perSecond).toString().padStart(8)}/s   p50 ${p50.toFixed(1).padStart(6)} ms   p99 ${p99.toFixed(1).padStart(6)} ms   ${goal}`
  )

try {
  const config = "hooks:\n  - { name: noted, on: post_tool_use, tool: edit, call: note }\n"
  const set = JSON.parse(
    await ask(
      "POST",
      "/v1/hook-sets",
      JSON.stringify({ dialect: "native", configs: [{ file: "tenterhook.yaml", text: config }] })
    )
  ) as { id: string }
  const fire = (tool: string) =>
    JSON.stringify({
      hookSetId: set.id,
      event: "post_tool_use",
      context: { sessionId: "s1", tool: { name: tool, input: { path: "a.ts" } }, result: { output: "ok" } }
    })
  const fireOf = (tool: string) => {
    const body = fire(tool)
    return () => ask("POST", "/v1/fires", body)
  }
  const idle = fireOf("read")
  const called = fireOf("edit")
  const execution = async () => {
    const { id } = JSON.parse(await ask("POST", "/v1/executions", JSON.stringify({ hookSetId: set.id }))) as {
      id: string
    }
    await ask("POST", `/v1/executions/${id}/end`, `{"outcome":"success"}`)
  }

  console.log(`${clients} clients, ${cpus().length} cores for server and clients together, every fire on record`)
  await run(idle, 2)
  const nothing = await run(idle, seconds)
  show("fires that match nothing", nothing, "goal: 2,000/s")
  await run(called, 1)
  show("fires that call a function", await run(called, seconds))
  show("executions, started and ended", await run(execution, seconds))

  const memory: Array<number> = []
  for (let minute = 0; minute < minutes; minute++) {
    await run(idle, 40)
    await run(called, 20)
    memory.push(await memoryNow())
    console.error(`minute ${minute + 1} of ${minutes}: ${memory.at(-1)!.toFixed(0)} MB`)
  }
  if (memory.length >= 4) {
    const half = memory.length >> 1
    const mean = (list: ReadonlyArray<number>) => list.reduce((sum, one) => sum + one, 0) / list.length
    const change = (100 * mean(memory.slice(half))) / mean(memory.slice(1, half)) - 100
    console.log(
      `memory over ${minutes} min of full load: ${memory.map((one) => one.toFixed(0)).join(" ")} MB; second half ${change.toFixed(1)} % against the first (without its first minute)`
    )
  }
  process.exitCode = nothing.perSecond >= 2000 ? 0 : 1
} finally {
  await pool.close()
  server.removeAllListeners("exit").kill()
  await new Promise((done) => server.once("exit", done))
  await rm(data, { recursive: true, force: true })
}
