/**
 * Clients drive several servers on one Postgres, which are disturbed one after the other: killed, frozen, cut off, and
 * Postgres killed under them. After each disturbance it is waited until nothing that was there before still waits, so that
 * it is known how long that took. What hooks and deliveries did is counted outside, and compared with what the API says.
 */
import { randomOf } from "@tenterhook/webhook/outbox-chaos"
import { generateSecret } from "@tenterhook/webhook/signature"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Client, makeClient } from "./Client.ts"
import { type ChaosDatabase, type Cluster, startCluster } from "./Cluster.ts"
import { deckOf, type Disturbance, disturbances, kinds } from "./disturbances.ts"
import { duplicatesIn, type Findings, findingsOf, readRecorded } from "./findings.ts"
import { play, prepare, settle } from "./load.ts"
import { type Plan, planOf } from "./Plan.ts"
import { rowsAt } from "./rows.ts"
import { openTally } from "./Tally.ts"

export interface ClusterChaosOptions {
  /** Program and arguments of `tenterhook serve`; what the campaign needs is added. */
  readonly command: ReadonlyArray<string>
  /** Empty. */
  readonly database: ChaosDatabase
  /** At least: the load goes on until each kind of disturbance has come. */
  readonly executions: number
  readonly seed: number
  /** Default: 3. */
  readonly servers?: number
  /** At the same time, one request each. Default: 16. */
  readonly clients?: number
  /** Each announcement goes to all of them. Default: 3. */
  readonly endpoints?: number
  /** Executions begun in a second at most, also where servers were behind before. Default: as many as there can be. */
  readonly perSecond?: number
  readonly progress?: (driven: number, rounds: ReadonlyArray<Round>) => void
  readonly log?: (server: number, text: string) => void
}

/** A disturbance, and what came of it. */
export interface Round {
  readonly kind: Disturbance
  /** Which one it was done to. */
  readonly server: number
  /** From its beginning until it was mended. */
  readonly lastedSeconds: number
  /** From its beginning until nothing from before it still waited. */
  readonly caughtUpSeconds: number
  /** What waited longest, in words. */
  readonly waitedFor: string
  /** Deliveries that came again meanwhile. */
  readonly duplicates: number
}

export interface ClusterChaosResult extends Findings {
  readonly seed: number
  readonly servers: number
  readonly clients: number
  readonly endpoints: number
  readonly rounds: ReadonlyArray<Round>
  /** From a kill, a stop or a cut until nothing from before it still waited: the longest. */
  readonly takeOverSeconds: number
  /** From the mending of any disturbance until nothing from before it still waited: the longest. */
  readonly healSeconds: number
  /** From the end of the load until nothing went on and nothing was to be delivered. */
  readonly settleSeconds: number
  readonly requests: number
  readonly repeats: number
  readonly deliveryRequests: number
  readonly refused: number
  readonly seconds: number
  readonly rows: Readonly<Record<string, number>>
}

export const runClusterChaos = async (options: ClusterChaosOptions): Promise<ClusterChaosResult> => {
  const { command, database, executions, seed, servers = 3, clients = 16, endpoints = 3, log } = options
  const chance = randomOf(seed)
  const striking = randomOf(seed + 1)
  const secret = generateSecret()
  const folder = mkdtempSync(join(tmpdir(), "tenterhook-cluster-chaos-"))
  const wrong: Array<string> = []
  const tally = await openTally({ secret, random: randomOf(seed + 2), endpoints })
  const since = performance.now()
  const stops: Array<() => void> = [() => tally.close()]
  let cluster: Cluster | undefined

  try {
    cluster = await startCluster({
      command,
      servers,
      database,
      folder,
      surprised: (words) => void wrong.push(words),
      ...(log === undefined ? {} : { log })
    })
    const { key, members } = cluster
    const urls = members.map(({ url }) => url)
    const client = makeClient(urls, () => key, { longestMs: patienceMs })
    const onlooker = makeClient(urls, () => key, { longestMs: glanceMs })
    const late = setTimeout(() => [client, onlooker].forEach(({ stop }) => stop()), 300_000 + executions * 500)
    stops.push(() => clearTimeout(late), client.stop, onlooker.stop)
    const agentId = await prepare(client, tally, { secret })

    const plans: Array<Plan> = []
    const ids = new Map<number, string>()
    const rounds: Array<Round> = []
    let driven = 0
    const goesOn = () => plans.length < executions || rounds.length < kinds.length

    let nextAt = performance.now()
    const drive = async () => {
      while (goesOn()) {
        const plan = planOf(plans.length, chance)
        plans.push(plan)
        const early = nextAt - performance.now()
        nextAt = Math.max(nextAt, performance.now()) + 1000 / (options.perSecond ?? Infinity)
        if (early > 0) await sleep(early)
        await play(plan, agentId, client, ids).catch((error: Error) => void wrong.push(error.message))
        options.progress?.(++driven, rounds)
      }
    }

    const deal = deckOf(striking)
    const strike = async (): Promise<Round> => {
      const kind = deal()
      const server = Math.floor(striking() * servers)
      const before = duplicatesIn(tally)
      const mend = await disturbances[kind]({ database, member: members[server]!, random: striking })
      const [at, from] = [new Date().toISOString(), performance.now()]
      const mending = mend().then(() => secondsSince(from))
      let waitedFor = "nothing"
      while (secondsSince(from) < longestRound) {
        const waiting = client.oldest(from) ?? (await unendedOf(onlooker, at))
        if (waiting === null) break
        waitedFor = waiting
        await sleep(lookMs)
      }
      const caughtUpSeconds = secondsSince(from)
      const lastedSeconds = await mending
      return { kind, server, lastedSeconds, caughtUpSeconds, waitedFor, duplicates: duplicatesIn(tally) - before }
    }
    const disturb = async () => {
      while (goesOn()) {
        // Also between two disturbances there is work, and hosts that waited for the last one are served first.
        await sleep(2000 + striking() * 3000)
        rounds.push(await strike())
      }
    }
    await Promise.all([disturb(), ...Array.from({ length: clients }, drive)])

    const settling = performance.now()
    await settle(client).catch((error: Error) => void wrong.push(error.message))
    const settleSeconds = secondsSince(settling)
    const seconds = secondsSince(since)
    const mayRepeat = ({ n, outcome }: Plan, event: string) =>
      client.repeated.has(`${event}-${n}`) || (event === "execution_end" && outcome === null)
    const findings = findingsOf({ plans, ids, mayRepeat }, tally, await readRecorded(client))
    wrong.push(...(await cluster.end()))
    const { rows, problems } = await rowsAt(database.url)
    return {
      ...findings,
      wrong: [...wrong, ...findings.wrong, ...problems],
      seed,
      servers,
      clients,
      endpoints,
      rounds,
      takeOverSeconds: longestOf(rounds.filter(({ kind }) => kind !== "database").map((it) => it.caughtUpSeconds)),
      healSeconds: longestOf(rounds.map((it) => it.caughtUpSeconds - it.lastedSeconds)),
      settleSeconds,
      ...client.figures,
      deliveryRequests: tally.requests,
      refused: tally.refused,
      seconds,
      rows
    }
  } finally {
    for (const stop of stops) stop()
    await cluster?.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** At most: a share of the deliveries, and how long it takes. */
export const clusterGoals = { duplicates: 0.001, takeOverSeconds: 20, healSeconds: 60 } as const

/** Nothing is lost, what waited went on in time, and what comes twice is rare. */
export const isClusterSound = (result: ClusterChaosResult): boolean =>
  result.lostExecutions.length === 0 &&
  result.lostDeliveries.length === 0 &&
  result.wrong.length === 0 &&
  result.unverified.length === 0 &&
  result.otherIds <= result.repeatedFires * result.endpoints &&
  result.duplicates <= result.deliveries * clusterGoals.duplicates &&
  result.takeOverSeconds <= clusterGoals.takeOverSeconds &&
  Math.max(result.healSeconds, result.settleSeconds) <= clusterGoals.healSeconds

/** Of what was there before the time, what still waits: hooks of an execution, a lease that ran out, a delivery. */
const unendedOf = async ({ ask }: Client, before: string): Promise<string | null> => {
  const some = async <A>(path: string) =>
    (await ask<{ readonly data: ReadonlyArray<A> }>("GET", `${path}&to=${before}`)).data
  for (const status of ["starting", "ending"]) {
    const [late] = await some<{ readonly id: string }>(`/v1/executions?limit=1&status=${status}`)
    if (late !== undefined) return `${late.id}, which is ${status}`
  }
  type Running = { readonly id: string; readonly leaseEndsAt: string }
  const running = await some<Running>("/v1/executions?limit=200&status=running")
  const expired = running.find(({ leaseEndsAt }) => leaseEndsAt < before)
  if (expired !== undefined) return `${expired.id}, whose lease ran out`
  const [pending] = await some<{ readonly id: string; readonly attempts: number }>(
    "/v1/deliveries?limit=1&status=pending"
  )
  return pending === undefined ? null : `delivery ${pending.id}, after ${pending.attempts} tries`
}

const secondsSince = (from: number) => (performance.now() - from) / 1000
const longestOf = (all: ReadonlyArray<number>) => Math.max(0, ...all)

/** After that it is no longer waited. */
const longestRound = 90
/** How long a host waits for one server before it asks another. */
const patienceMs = 5000
const glanceMs = 1500
const lookMs = 100
