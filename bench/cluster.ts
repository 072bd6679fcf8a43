/**
 * One, two and three servers on one Postgres, all on this machine with those who ask: what they take in a second, and what
 * each thing costs the servers and Postgres, by what the kernel and Postgres count.
 */
import { PostgresClient } from "@tenterhook/postgres"
import { type Postgres, startPostgres } from "@tenterhook/testing-postgres"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { Pool } from "undici"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    clients: { type: "string", default: "48" },
    servers: { type: "string", default: "3" },
    /** Whether commits wait for the disk of this machine. */
    fsync: { type: "boolean", default: false }
  }
})
const [seconds, clients, most] = [Number(values.seconds), Number(values.clients), Number(values.servers)]
if (![seconds, clients, most].every((one) => one >= 1)) {
  console.error("--seconds, --clients and --servers: expected numbers from 1")
  process.exit(2)
}

/** What it took, for each time that something was done. */
interface Cost {
  readonly perSecond: number
  readonly serverMs: number
  readonly postgresMs: number
  readonly commits: number
  readonly rows: number
  readonly walBytes: number
  readonly diskBytes: number
}

const main = async () => {
  console.log(
    `${clients} clients, ${cpus().length} cores for clients, servers and Postgres together, commits ${values.fsync ? "wait" : "do not wait"} for the disk`
  )
  const found: Array<ReadonlyMap<string, Cost>> = []
  for (let servers = 1; servers <= most; servers++) {
    found.push(await measured(servers))
    console.error(`${servers} of ${most}`)
  }
  console.log(throughputOf(found))
  console.log(costsOf(found[0]!))
  console.log(millionOf(found[0]!))
}

/** A Postgres of their own for each number of servers, so that none finds what another left. */
const measured = async (servers: number): Promise<ReadonlyMap<string, Cost>> => {
  const postgres = await startPostgres({ fsync: values.fsync, settings: { autovacuum: "on", shared_buffers: "256MB" } })
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-bench-"))
  const hosts: Array<Host> = []
  const receiver = await startReceiver()
  try {
    for (let n = 0; n < servers; n++) hosts.push(await startHost(join(folder, String(n)), postgres.url))
    const [{ key }] = hosts as [Host]
    let turn = 0
    const ask = async <A>(method: "GET" | "POST", path: string, body?: unknown): Promise<A> => {
      const answer = await hosts[turn++ % hosts.length]!.pool.request({
        method,
        path,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const text = await answer.body.text()
      if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
      return JSON.parse(text) as A
    }
    const all = await scenarios(ask, receiver)
    const costs = new Map<string, Cost>()
    for (const { name, once, settled } of all) {
      await run(once, 2)
      await settled()
      costs.set(name, await costOf(once, settled, hosts, postgres))
    }
    return costs
  } finally {
    for (const { child, pool } of hosts) {
      await pool.close()
      child.removeAllListeners("exit").kill()
      await new Promise((done) => child.once("exit", done))
    }
    receiver.close()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Scenario {
  readonly name: string
  readonly once: () => Promise<unknown>
  /** When nothing of it is still to be done. */
  readonly settled: () => Promise<void>
}

const nothing = "fires that match nothing"
const called = "fires of one function hook"
const bare = "executions, started and ended"
const delivered = "deliveries, each of a fire of its own"
const whole = "executions with two hooks, both delivered"

type Ask = <A>(method: "GET" | "POST", path: string, body?: unknown) => Promise<A>

const scenarios = async (ask: Ask, receiver: Receiver): Promise<ReadonlyArray<Scenario>> => {
  const text = "hooks:\n  - { name: noted, on: post_tool_use, tool: edit, call: note }\n"
  const { id: hookSetId } = await ask<{ id: string }>("POST", "/v1/hook-sets", {
    dialect: "native",
    configs: [{ file: "tenterhook.yaml", text }]
  })
  // Of several agents, each with an endpoint of its own.
  const step = [{ tool_name: "note", args: { note: "something that a tool is told" } }]
  const hooks = { execution_start: step, after_tool: step, execution_end: step }
  const agents = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      const { id } = await ask<{ id: string }>("POST", "/ai/agents", { name: `agent ${n}`, hooks })
      await ask("POST", "/v1/endpoints", { url: receiver.url, filter: { agent_id: id }, concurrency: 20 })
      return id
    })
  )
  let turn = 0
  const agent = () => ({ agentId: agents[turn++ % agents.length]! })

  const context = (tool: string) => ({
    sessionId: "s1",
    tool: { name: tool, input: { path: "a.ts" } },
    result: { output: "ok" }
  })
  const fire = (target: () => object, tool: string) => () =>
    ask("POST", "/v1/fires", { ...target(), event: "post_tool_use", context: context(tool) })
  const execution = (target: () => object) => async () => {
    const { id } = await ask<{ id: string }>("POST", "/v1/executions", target())
    await ask("POST", `/v1/executions/${id}/end`, { outcome: "success" })
  }
  const set = () => ({ hookSetId })
  const atOnce = async () => {}
  const whenDelivered = async () => {
    while (
      (await ask<{ data: ReadonlyArray<unknown> }>("GET", "/v1/deliveries?status=pending&limit=1")).data.length > 0
    )
      await sleep(20)
  }
  return [
    { name: nothing, once: fire(set, "read"), settled: atOnce },
    { name: called, once: fire(set, "edit"), settled: atOnce },
    { name: bare, once: execution(set), settled: atOnce },
    { name: delivered, once: fire(agent, "edit"), settled: whenDelivered },
    { name: whole, once: execution(agent), settled: whenDelivered }
  ]
}

interface Host {
  readonly child: ChildProcess
  readonly pool: Pool
  readonly key: string | null
}

const startHost = async (data: string, databaseUrl: string): Promise<Host> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "serverHost.ts"), data, databaseUrl], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const { url, key } = await new Promise<{ url: string; key: string | null }>((done, failed) => {
    child.once("exit", () => failed(new Error("a server did not start")))
    child.stdout.once("data", (line) => done(JSON.parse(String(line))))
  })
  return { child, key, pool: new Pool(url, { connections: clients, pipelining: 1 }) }
}

interface Receiver {
  readonly url: string
  readonly close: () => void
}

const startReceiver = async (): Promise<Receiver> => {
  const server = createServer((request, response) => request.resume().on("end", () => response.end()))
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** So many clients, each doing it again and again. Gives how often it was done. */
const run = async (once: () => Promise<unknown>, forSeconds: number): Promise<number> => {
  const until = performance.now() + forSeconds * 1000
  let done = 0
  const client = async () => {
    while (performance.now() < until) {
      await once()
      done++
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return done
}

const costOf = async (
  once: () => Promise<unknown>,
  settled: () => Promise<void>,
  hosts: ReadonlyArray<Host>,
  postgres: Postgres
): Promise<Cost> => {
  const before = await readingOf(hosts, postgres)
  const from = performance.now()
  const done = await run(once, seconds)
  await settled()
  const spent = (performance.now() - from) / 1000
  const after = await readingOf(hosts, postgres)
  const each = (name: keyof Reading) => (after[name] - before[name]) / done
  return {
    perSecond: done / spent,
    serverMs: each("serverMs"),
    postgresMs: each("postgresMs"),
    commits: each("commits"),
    rows: each("rows"),
    walBytes: each("walBytes"),
    diskBytes: each("diskBytes")
  }
}

interface Reading {
  readonly serverMs: number
  readonly postgresMs: number
  readonly commits: number
  readonly rows: number
  readonly walBytes: number
  readonly diskBytes: number
}

/** Postgres's own figures reach its views up to a second late. */
const readingOf = async (hosts: ReadonlyArray<Host>, postgres: Postgres): Promise<Reading> => {
  await sleep(1500)
  const [row] = await Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return yield* sql<Record<"commits" | "rows" | "wal" | "disk", unknown>>`
      SELECT d.xact_commit AS commits, d.tup_inserted + d.tup_updated + d.tup_deleted AS rows,
        w.wal_bytes AS wal, pg_database_size(d.datname) AS disk
      FROM pg_stat_database d, pg_stat_wal w WHERE d.datname = 'postgres'`
  }).pipe(Effect.provide(PostgresClient.layer({ url: postgres.url, maxConnections: 1 })), Effect.runPromise)
  const main = postgres.pid()!
  return {
    serverMs: hosts.reduce((sum, { child }) => sum + cpuMsOf(child.pid!), 0),
    // Of connections that ended it keeps the sum itself.
    postgresMs: cpuMsOf(main, true) + childrenOf(main).reduce((sum, pid) => sum + cpuMsOf(pid), 0),
    commits: Number(row!.commits),
    rows: Number(row!.rows),
    walBytes: Number(row!.wal),
    diskBytes: Number(row!.disk)
  }
}

/** What stands behind the name, which may hold anything: state, parent, …, user, system, user and system of children. */
const statOf = (pid: number): ReadonlyArray<string> => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    return text.slice(text.lastIndexOf(")") + 2).split(" ")
  } catch {
    return []
  }
}

const cpuMsOf = (pid: number, withEnded = false): number => {
  const stat = statOf(pid)
  const ticks = [11, 12, ...(withEnded ? [13, 14] : [])].reduce((sum, at) => sum + Number(stat[at] ?? 0), 0)
  return (ticks * 1000) / ticksPerSecond
}

const childrenOf = (parent: number): ReadonlyArray<number> =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && Number(statOf(pid)[1]) === parent)

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }))

const throughputOf = (found: ReadonlyArray<ReadonlyMap<string, Cost>>): string =>
  table([
    ["a second", ...found.map((_, n) => (n === 0 ? "one server" : `${n + 1} servers`))],
    ...[...found[0]!.keys()].map((name) => [name, ...found.map((costs) => rounded(costs.get(name)!.perSecond))])
  ])

const costsOf = (costs: ReadonlyMap<string, Cost>): string =>
  table([
    ["each", "server, CPU ms", "Postgres, CPU ms", "commits", "rows written", "WAL", "disk"],
    ...[...costs].map(([name, cost]) => [
      name,
      cost.serverMs.toFixed(2),
      cost.postgresMs.toFixed(2),
      cost.commits.toFixed(2),
      cost.rows.toFixed(1),
      bytes(cost.walBytes),
      bytes(cost.diskBytes)
    ])
  ])

/** What so many an hour need, by what one costs. */
const millionOf = (costs: ReadonlyMap<string, Cost>): string => {
  const perSecond = 1_000_000 / 3600
  const line = (name: string) => {
    const cost = costs.get(name)!
    const cores = (cost.serverMs * perSecond) / 1000
    return [
      name,
      cores.toFixed(2),
      String(Math.ceil(cores / fullest)),
      ((cost.postgresMs * perSecond) / 1000).toFixed(2),
      rounded(cost.commits * perSecond),
      `${bytes(cost.walBytes * perSecond)}/s`,
      bytes(cost.diskBytes * 24_000_000)
    ]
  }
  return table([
    [
      "10^6 an hour, 278 a second",
      "cores of servers",
      "servers",
      "cores of Postgres",
      "commits a second",
      "WAL",
      "disk a day"
    ],
    line(bare),
    line(whole)
  ])
}

/** A server is one thread; fuller than this, what comes waits. */
const fullest = 0.7

const table = ([head, ...lines]: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head!, head!.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n") + "\n"

const bytes = (n: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  let at = 0
  while (Math.abs(n) >= 1000 && at < units.length - 1) [n, at] = [n / 1000, at + 1]
  return `${n.toFixed(at === 0 ? 0 : 1)} ${units[at]}`
}

const rounded = (n: number) => Math.round(n).toLocaleString("en")

await main()
