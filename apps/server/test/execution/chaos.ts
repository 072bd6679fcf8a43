/**
 * Executions in a process that is killed (`kill -9`) every 0.4 to 1.5 seconds, and what their records say afterwards.
 * By itself: `chaos.ts [executions] [seed]`.
 */
import { randomOf } from "@tenterhook/webhook/outbox-chaos"
import { type ChildProcess, fork, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Order } from "./chaosHost.ts"
import type { Row } from "./Record.ts"

export interface ChaosResult {
  readonly seed: number
  readonly count: number
  readonly kills: number
  /** Began, and did not end within the time. */
  readonly lost: ReadonlyArray<string>
  /** Ended otherwise than their host said, or than a lost lease means; or recorded more than once. */
  readonly wrong: ReadonlyArray<string>
  /** Calls of a step's hooks beyond the one that was recorded: each was cut short by a kill. */
  readonly repeatedStarts: number
  readonly repeatedEnds: number
  /** The longest that a new process took to finish what the one before had open, in milliseconds, and how many that were. */
  readonly slowestResumeMs: number
  readonly resumed: number
  readonly seconds: number
}

export const runChaos = async (options: {
  readonly count: number
  readonly seed: number
  readonly perSecond: number
  /** After so many kills the last process is left alone. */
  readonly maxKills: number
  readonly limitMs: number
}): Promise<ChaosResult> => {
  const { count, seed, perSecond, maxKills, limitMs } = options
  const random = randomOf(seed)
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-execution-chaos-"))
  const file = join(folder, "server.db")
  const since = performance.now()

  // One in five has a host that dies: nobody ends it, its lease runs out.
  const plans = Array.from({ length: count }, (_, n) => {
    const abandoned = n % 5 === 4
    return {
      id: `ex_${n}`,
      at: (n * 1000) / perSecond,
      endsAfter: abandoned ? null : random() < 0.3 ? 0 : random() * 1500,
      outcome: abandoned ? "aborted" : n % 3 === 0 ? "error" : "success",
      leaseMs: abandoned ? 1000 : 600_000,
      begun: null as number | null,
      ended: false
    }
  })
  const planOf = new Map(plans.map((plan) => [plan.id, plan]))

  let kills = 0
  let slowestResumeMs = 0
  let resumed = 0
  const sent = new Set<string>()
  const live = async () => {
    const child = fork(fileURLToPath(new URL("./chaosHost.ts", import.meta.url)), [file], {
      execArgv: ["--conditions=@tenterhook/source"],
      stdio: ["ignore", "inherit", "inherit", "ipc"]
    })
    const exited = new Promise<void>((done) => child.once("exit", () => done()))
    const ready = new Promise<void>((done) => {
      child.once("exit", () => done())
      child.on("message", (message: { ready?: true; done?: Order; resumed?: number; ms?: number }) => {
        if (message.ready) done()
        if (message.done?.begin) planOf.get(message.done.begin.id)!.begun ??= performance.now()
        if (message.done?.end) planOf.get(message.done.end.id)!.ended = true
        if (message.resumed) {
          resumed += message.resumed
          slowestResumeMs = Math.max(slowestResumeMs, message.ms!)
        }
      })
    })
    await ready
    sent.clear()
    const seconds = kills < maxKills ? 0.4 + random() * 1.1 : 3600
    const killer = spawn("/bin/sh", ["-c", `sleep ${seconds.toFixed(3)}; kill -9 ${child.pid}`], {
      stdio: "ignore",
      detached: true
    })
    let over = false
    while (child.exitCode === null && child.signalCode === null && !over) {
      for (const order of dueOf(plans, performance.now() - since)) tell(child, order, sent)
      await sleep(10)
      over = performance.now() - since > limitMs || (plans.every(isTold) && unfinishedOf(file) === 0)
    }
    endGroup(killer)
    if (!over) kills++
    child.kill("SIGKILL")
    await exited
    return over
  }
  while (!(await live()));

  const database = new DatabaseSync(file)
  const rows = database.prepare("SELECT * FROM execution").all() as unknown as ReadonlyArray<Row>
  database.close()
  rmSync(folder, { recursive: true })
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  const recorded = new Set(rows.filter(({ status }) => status === "ended").map(({ id }) => id))
  return {
    seed,
    count,
    kills,
    lost: plans.filter(({ id }) => !recorded.has(id)).map(({ id }) => id),
    wrong: rows
      .filter((row) => row.outcome !== planOf.get(row.id)!.outcome || row.started !== 1 || row.ended !== 1)
      .map((row) => JSON.stringify(row)),
    repeatedStarts: sum((row) => row.starts - row.started),
    repeatedEnds: sum((row) => row.ends - row.ended),
    slowestResumeMs,
    resumed,
    seconds: (performance.now() - since) / 1000
  }
}

type Plan = {
  readonly id: string
  readonly at: number
  readonly endsAfter: number | null
  readonly outcome: string
  readonly leaseMs: number
  readonly begun: number | null
  readonly ended: boolean
}

const isTold = ({ begun, endsAfter, ended }: Plan) => begun !== null && (endsAfter === null || ended)

const dueOf = (plans: ReadonlyArray<Plan>, now: number): ReadonlyArray<Order> =>
  plans.flatMap(({ id, at, endsAfter, outcome, leaseMs, begun, ended }): ReadonlyArray<Order> => {
    if (begun === null) return at <= now ? [{ begin: { id, leaseMs } }] : []
    if (ended || endsAfter === null) return []
    return performance.now() - begun >= endsAfter ? [{ end: { id, outcome } }] : []
  })

/** Once to each process: what it did not acknowledge before it was killed is told the next one again. */
const tell = (child: ChildProcess, order: Order, sent: Set<string>) => {
  const key = JSON.stringify(order)
  if (sent.has(key) || !child.connected) return
  sent.add(key)
  child.send(order, () => {})
}

/** The shell with its sleep, where it has not ended by itself. */
const endGroup = ({ pid, exitCode }: ChildProcess) => {
  try {
    if (exitCode === null) process.kill(-pid!, "SIGKILL")
  } catch {
    // It has ended just now.
  }
}

const unfinishedOf = (file: string) => {
  const database = new DatabaseSync(file, { readOnly: true })
  const { n } = database.prepare("SELECT count(*) AS n FROM execution WHERE status <> 'ended'").get() as { n: number }
  database.close()
  return n
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const count = Number(process.argv[2] ?? 1000)
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
  const result = await runChaos({ count, seed, perSecond: 12, maxKills: Infinity, limitMs: 60_000 + count * 200 })
  console.log(JSON.stringify({ ...result, wrong: result.wrong.slice(0, 10) }, null, 2))
  process.exit(result.lost.length + result.wrong.length > 0 ? 1 : 0)
}
