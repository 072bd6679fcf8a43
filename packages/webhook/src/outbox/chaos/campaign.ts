/**
 * Announces and delivers in a process that is killed every 0.4 to 3 seconds (`kill -9`), and counts what its receiver
 * got. Announcing again what was not acknowledged is the parent's part, with the same key.
 */
import { type ChildProcess, fork, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { setPriority, tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { generateSecret } from "../../signature/Key.ts"
import { verify } from "../../signature/verify.ts"
import { randomOf } from "./chance.ts"

export interface ChaosOptions {
  readonly count: number
  readonly seed: number
  /** How many are announced each second while the process lives. Default: 60. */
  readonly perSecond?: number
  /** Beside the own verification of each request: throws where it is not signed as it must be. */
  readonly verify?: (secret: string, body: string, headers: IncomingHttpHeaders) => void
  readonly progress?: (delivered: number, kills: number) => void
}

export interface ChaosResult {
  readonly seed: number
  readonly count: number
  readonly kills: number
  readonly requests: number
  /** Refused on purpose, with 503, so that there are retries: one in twenty, once. */
  readonly refused: number
  /** Acknowledged and never delivered. */
  readonly lost: number
  /** Requests for something that the receiver had accepted before. */
  readonly duplicates: number
  /** Announcements that came under more than one `webhook-id`. */
  readonly otherIds: number
  /** Requests whose signature or content was not as it must be. */
  readonly unverified: ReadonlyArray<string>
  /** Deliveries that are not recorded as they happened, in words. */
  readonly wrongRecords: ReadonlyArray<string>
  readonly seconds: number
}

export const runChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { count, seed, perSecond = 60 } = options
  const random = randomOf(seed)
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-chaos-"))
  const file = join(folder, "outbox.db")
  const secret = generateSecret()
  const since = performance.now()

  const accepted = new Map<string, number>()
  const tried = new Set<string>()
  const idsOf = new Map<number, Set<string>>()
  const unverified: Array<string> = []
  let requests = 0
  let refused = 0
  let duplicates = 0
  const receive = (headers: IncomingHttpHeaders, body: string): number => {
    requests++
    const id = String(headers["webhook-id"])
    let n: number
    try {
      verify({ headers, body }, secret)
      options.verify?.(secret, body, headers)
      n = (JSON.parse(body) as { data: { n: number } }).data.n
    } catch (error) {
      unverified.push(String(error))
      return 400
    }
    idsOf.set(n, (idsOf.get(n) ?? new Set()).add(id))
    if (n % 20 === 7 && !tried.has(id)) {
      tried.add(id)
      refused++
      return 503
    }
    const before = accepted.get(id) ?? 0
    if (before > 0) duplicates++
    accepted.set(id, before + 1)
    return 200
  }
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8")
    request.on("error", () => {})
    request.on("data", (piece: string) => (body += piece))
    request.on("end", () => response.writeHead(receive(request.headers, body)).end("ok"))
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

  const unannounced = new Set(Array.from({ length: count }, (_, n) => n))
  let sent = 0
  let kills = 0
  let over = () => {}
  const delivered = new Promise<"delivered">((done) => (over = () => done("delivered")))
  const watching = setInterval(() => {
    options.progress?.(accepted.size, kills)
    const late = performance.now() - since > 180_000 + (count / perSecond) * 4000
    if ((accepted.size >= count && unannounced.size === 0) || late) over()
  }, 50)

  /** Until it is killed or all is delivered. */
  const live = async (): Promise<"killed" | "delivered"> => {
    const host = startHost([file, url, secret])
    host.child.on("message", ({ announced = [] }: { announced?: ReadonlyArray<number> }) => {
      for (const n of announced) unannounced.delete(n)
    })
    await host.ready
    // What was sent and not acknowledged may be there or not: the same key makes it one announcement.
    const again = [...unannounced].filter((n) => n < sent)
    if (again.length > 0) host.send(again)
    const feeding = setInterval(() => {
      if (sent < count) host.send([sent++])
    }, 1000 / perSecond)
    const killer = startKiller(host.child.pid!, 0.4 + random() * 2.6)
    const end = await Promise.race([host.exited.then(() => "killed" as const), delivered])
    clearInterval(feeding)
    killer.kill("SIGKILL")
    if (end === "killed") kills++
    host.child.kill("SIGKILL")
    await host.exited
    return end
  }
  while ((await live()) === "killed");
  // The last one to be killed may have left a record open.
  const last = startHost([file, url, secret])
  await last.ready
  last.send([])
  await last.drained
  last.child.disconnect()
  await last.exited
  clearInterval(watching)
  server.closeAllConnections()
  await new Promise<void>((closed) => server.close(() => closed()))

  const wrongRecords = recordsOf(file, count)
  rmSync(folder, { recursive: true, force: true })
  let lost = 0
  for (let n = 0; n < count; n++)
    if (!unannounced.has(n) && ![...(idsOf.get(n) ?? [])].some((id) => accepted.has(id))) lost++
  return {
    seed,
    count,
    kills,
    requests,
    refused,
    lost: lost + unannounced.size,
    duplicates,
    otherIds: [...idsOf.values()].filter(({ size }) => size > 1).length,
    unverified,
    wrongRecords,
    seconds: (performance.now() - since) / 1000
  }
}

interface Host {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  readonly drained: Promise<void>
  readonly exited: Promise<void>
  readonly send: (numbers: ReadonlyArray<number>) => void
}

const startHost = (argv: ReadonlyArray<string>): Host => {
  const own = new URL(import.meta.url.endsWith(".ts") ? "./host.ts" : "./host.js", import.meta.url)
  const child = fork(fileURLToPath(own), argv, {
    execArgv: ["--conditions=@tenterhook/source"],
    stdio: ["ignore", "inherit", "inherit", "ipc"]
  })
  prefer(child.pid!)
  const exited = new Promise<void>((done) => child.once("exit", () => done()))
  const told = (what: "ready" | "drained") =>
    new Promise<void>((done) => {
      child.on("message", (message: object) => what in message && done())
      child.once("exit", () => done())
    })
  return {
    child,
    exited,
    ready: told("ready"),
    drained: told("drained"),
    send: (numbers) => void (child.connected && child.send(numbers, () => {}))
  }
}

/** Where that is allowed: otherwise the machine's other work decides how long an answer waits for its record. */
const prefer = (pid: number) => {
  try {
    setPriority(pid, -10)
  } catch {
    // As it is, then.
  }
}

/** A process of its own: a timer here would fire just after a request was answered more often than at other times. */
const startKiller = (pid: number, seconds: number) =>
  spawn("/bin/sh", ["-c", `sleep ${seconds.toFixed(3)}; kill -9 ${pid}`], { stdio: "ignore" })

/** What must hold of the database however often its process was killed. */
const recordsOf = (file: string, count: number): ReadonlyArray<string> => {
  const database = new DatabaseSync(file)
  const wrong: Array<string> = []
  const expectNone = (what: string, sql: string) => {
    const n = database.prepare(sql).all().length
    if (n > 0) wrong.push(`${n} ${what}`)
  }
  const { n } = database.prepare("SELECT count(*) AS n FROM outbox_delivery").get() as { n: number }
  if (n !== count) wrong.push(`${n} deliveries for ${count} announcements`)
  expectNone("deliveries are not delivered", "SELECT id FROM outbox_delivery WHERE status <> 'delivered'")
  expectNone(
    "deliveries have other tries than they count",
    `SELECT d.id FROM outbox_delivery d WHERE d.attempts <>
      (SELECT count(*) FROM outbox_attempt a WHERE a.delivery_id = d.id)`
  )
  expectNone("deliveries have more tries than the schedule", "SELECT id FROM outbox_delivery WHERE attempts > 10")
  database.close()
  return wrong
}
