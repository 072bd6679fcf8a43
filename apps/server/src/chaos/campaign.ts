/**
 * Clients drive a server over HTTP whose process is killed (`kill -9`) every 0.4 to 3 seconds, also while it starts, and
 * started again. What its hooks and deliveries did is counted outside, and compared with what its API says at the end.
 */
import { randomOf } from "@tenterhook/webhook/outbox-chaos"
import { generateSecret } from "@tenterhook/webhook/signature"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeClient } from "./Client.ts"
import { type Findings, findingsOf, readRecorded } from "./findings.ts"
import { play, prepare, settle } from "./load.ts"
import { planOf } from "./Plan.ts"
import { rowsIn } from "./rows.ts"
import { freePort, signalLater, startSubject } from "./Subject.ts"
import { openTally } from "./Tally.ts"

export interface ChaosOptions {
  /** Program and arguments of `tenterhook serve`; what the campaign needs is added. */
  readonly command: ReadonlyArray<string>
  readonly executions: number
  readonly seed: number
  /** At the same time, one request each. Default: 16. */
  readonly clients?: number
  /** Executions that were driven to their end or abandoned, and kills so far. */
  readonly progress?: (driven: number, kills: number) => void
}

export interface ChaosResult extends Findings {
  readonly seed: number
  readonly clients: number
  readonly kills: number
  /** Of them, before it was up. */
  readonly killsAtStart: number
  readonly requests: number
  /** Requests that were sent again, as there was no answer. */
  readonly repeats: number
  readonly deliveryRequests: number
  /** Deliveries refused on purpose, with 500 or 429. */
  readonly refused: number
  readonly seconds: number
  /** How long the last start took to end everything and deliver everything. */
  readonly settleSeconds: number
  /** How many rows each table has at the end. */
  readonly rows: Readonly<Record<string, number>>
}

export const runChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { command, executions, seed, clients = 16 } = options
  const chance = randomOf(seed)
  const killing = randomOf(seed + 1)
  const plans = Array.from({ length: executions }, (_, n) => planOf(n, chance))
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-server-chaos-"))
  const port = await freePort(Math.random)
  const secret = generateSecret()
  const tally = await openTally({ secret, random: randomOf(seed + 2) })
  const since = performance.now()
  const start = () => startSubject({ command, port, data: folder })
  let subject = start()
  let token = ""
  const client = makeClient([`http://127.0.0.1:${port}`], () => token)
  const late = setTimeout(client.stop, 120_000 + executions * 500)
  let [kills, killsAtStart] = [0, 0]
  const wrong: Array<string> = []

  /** Kills and starts it again until the work is done; then kills it once more. */
  const live = async (work: Promise<void>): Promise<void> => {
    const done = work.then(() => "done" as const)
    for (;;) {
      const early = kills > 0 && killing() < 0.15
      const seconds = early ? killing() * 1.5 : 0.4 + killing() * 2.6
      // The first request loads what the others find: only then is it in full work.
      if (!early) await Promise.race([client.answered(), subject.ended, done])
      const killer = signalLater(subject.pid, "KILL", seconds)
      const isUp = subject.up.then((up) => up !== null)
      const end = await Promise.race([subject.ended, done])
      killer.stop()
      if (end === "done") await subject.end("SIGKILL")
      else if (end !== "SIGKILL") throw new Error(`the server ended by itself: ${end}`)
      kills++
      if (!(await isUp)) killsAtStart++
      subject = start()
      if (end === "done") return
    }
  }

  try {
    // The key is shown this once: nobody kills it here.
    token = (await subject.up)?.key ?? ""
    if (token === "") throw new Error(`the server did not start with a key: ${await subject.end("SIGKILL")}`)
    const agentId = await prepare(client, tally, { secret, timeoutMs: 1000 })

    const ids = new Map<number, string>()
    const left = [...plans]
    let driven = 0
    const drive = async () => {
      for (let plan = left.shift(); plan !== undefined; plan = left.shift()) {
        await play(plan, agentId, client, ids).catch((error: Error) => void wrong.push(error.message))
        options.progress?.(++driven, kills)
      }
    }
    await live(Promise.all(Array.from({ length: clients }, drive)).then(() => {}))

    const settling = performance.now()
    if ((await subject.up) === null) throw new Error(`the server did not start again: ${await subject.ended}`)
    await settle(client).catch((error: Error) => void wrong.push(error.message))
    const settleSeconds = (performance.now() - settling) / 1000
    const seconds = (performance.now() - since) / 1000
    const findings = findingsOf({ plans, ids }, tally, await readRecorded(client))
    const end = await subject.end("SIGTERM")
    if (end !== "exit code 0") wrong.push(`after SIGTERM it was expected to end with exit code 0, got ${end}`)
    const { rows, problems } = rowsIn(folder)
    return {
      ...findings,
      wrong: [...wrong, ...findings.wrong, ...problems],
      seed,
      clients,
      kills,
      killsAtStart,
      ...client.figures,
      deliveryRequests: tally.requests,
      refused: tally.refused,
      seconds,
      settleSeconds,
      rows
    }
  } finally {
    clearTimeout(late)
    client.stop()
    await subject.end("SIGKILL")
    await tally.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/**
 * Nothing is lost, and what comes twice is what a kill cut off: a delivery between the answer and its record, of the
 * endpoint's ten at the same time; a hook between its call and its record.
 */
export const isSound = (result: ChaosResult): boolean =>
  result.lostExecutions.length === 0 &&
  result.lostDeliveries.length === 0 &&
  result.wrong.length === 0 &&
  result.unverified.length === 0 &&
  result.otherIds === 0 &&
  result.duplicates <= result.kills * inFlight &&
  result.repeatedCalls <= result.kills * result.clients * 2

/** Requests to one endpoint at the same time, where nothing else is said. */
const inFlight = 10
