/** What a durable execution costs on SQLite. Prints latency, rate and what is left behind. `measure.ts [count] [own|shared]`: the cluster's tables in a file of their own, or in the record's */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { SqliteClient } from "@tenterhook/sqlite"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DurableExecutions } from "../../src/execution/DurableExecutions.ts"
import * as Record from "./Record.ts"

const count = Number(process.argv[2] ?? 1000)
const shared = process.argv[3] === "shared"
const folder = mkdtempSync(join(tmpdir(), "tenterhook-measure-"))
const filename = join(folder, "server.db")

const reached = new Map<string, () => void>()
const signal = (step: string, id: string) => new Promise<void>((done) => reached.set(`${step} ${id}`, done))
const during = (step: "start" | "end", id: string) => Effect.sync(() => reached.get(`${step} ${id}`)?.())

const program = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const executions = yield* DurableExecutions
  const untilEnded = Effect.fnUntraced(function* (n: number) {
    for (;;) {
      const [[ended]] = (yield* sql`SELECT count(*) FROM execution WHERE status = 'ended'`.values) as [[number]]
      if (ended >= n) return
      yield* Effect.sleep(5)
    }
  })
  const one = Effect.fnUntraced(function* (id: string) {
    yield* Record.insert(id, 60_000)
    const started = signal("start", id)
    const t0 = performance.now()
    yield* executions.begin(id)
    const t1 = performance.now()
    yield* Effect.promise(() => started)
    const t2 = performance.now()
    yield* Effect.sleep(20)
    yield* Record.setEnding(id, "success")
    const ended = signal("end", id)
    const t3 = performance.now()
    yield* executions.end(id)
    const t4 = performance.now()
    yield* Effect.promise(() => ended)
    const t5 = performance.now()
    return { begin: t1 - t0, start: t2 - t0, endCall: t4 - t3, end: t5 - t3 }
  })
  for (let n = 0; n < 50; n++) yield* one(`warm-${n}`)
  const times = []
  for (let n = 0; n < 200; n++) times.push(yield* one(`one-${n}`))
  for (const key of ["begin", "start", "endCall", "end"] as const) {
    const sorted = times.map((time) => time[key]).sort((a, b) => a - b)
    const at = (q: number) => sorted[Math.floor(sorted.length * q)]!.toFixed(2)
    console.log(`${key.padEnd(8)} p50 ${at(0.5)} ms  p95 ${at(0.95)}  p99 ${at(0.99)}`)
  }
  const ids = Array.from({ length: count }, (_, n) => `many-${n}`)
  const cpu = process.cpuUsage()
  const since = performance.now()
  const both = Effect.fnUntraced(function* (id: string) {
    yield* Record.insert(id, 60_000)
    yield* executions.begin(id)
    yield* Record.setEnding(id, "success")
    yield* executions.end(id)
  })
  yield* Effect.forEach(ids, both, { concurrency: 50, discard: true })
  const accepted = performance.now()
  yield* untilEnded(250 + count)
  const seconds = (performance.now() - since) / 1000
  const { user, system } = process.cpuUsage(cpu)
  console.log(
    `${count} begun and ended in ${seconds.toFixed(2)} s (accepted after ${((accepted - since) / 1000).toFixed(2)} s): ${(count / seconds).toFixed(0)}/s, ${((user + system) / 1000 / count).toFixed(2)} ms CPU each`
  )
  yield* Effect.sleep(500)
  const [[repeated]] = (yield* sql`SELECT count(*) FROM execution WHERE starts <> 1 OR ends <> 1`.values) as [[number]]
  console.log(`${repeated} executions whose steps ran other than once`)
  const clusterFile = shared ? filename : join(folder, "cluster.db")
  const sizes = Effect.sync(() => {
    const database = new DatabaseSync(clusterFile)
    const one = (query: string) => (database.prepare(query).get() as { n: number }).n
    const messages = one("SELECT count(*) AS n FROM cluster_messages")
    const replies = one("SELECT count(*) AS n FROM cluster_replies")
    const bytes = one("SELECT sum(pgsize) AS n FROM dbstat WHERE name LIKE '%cluster_%'")
    database.close()
    return `${messages} messages, ${replies} replies, ${bytes} bytes`
  })
  console.log(`left of ${250 + count}: ${yield* sizes}`)
  const all = [
    ...ids,
    ...Array.from({ length: 50 }, (_, n) => `warm-${n}`),
    ...Array.from({ length: 200 }, (_, n) => `one-${n}`)
  ]
  const forgetting = performance.now()
  for (let n = 0; n < all.length; n += 100) yield* executions.forget(all.slice(n, n + 100))
  console.log(`forgotten in ${(performance.now() - forgetting).toFixed(0)} ms: ${yield* sizes}`)
  console.log(`rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB, file ${statSync(filename).size} bytes`)
})

const record = SqliteClient.layer({ filename })
const cluster = shared
  ? record
  : Layer.fresh(SqliteClient.layer({ filename: join(folder, "cluster.db"), synchronous: "NORMAL" }))
const layer = DurableExecutions.layer().pipe(
  Layer.provide(cluster),
  Layer.provide(Record.layer({ during })),
  Layer.provideMerge(record)
)
const opening = performance.now()
await Effect.runPromise(Effect.provide(program, layer))
console.log(`all in ${((performance.now() - opening) / 1000).toFixed(1)} s`)
rmSync(folder, { recursive: true })
