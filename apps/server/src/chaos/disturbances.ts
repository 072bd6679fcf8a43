/** What is done to a cluster, by kind. */
import { setTimeout as sleep } from "node:timers/promises"
import type { ChaosDatabase, Member } from "./Cluster.ts"
import { signalLater } from "./Subject.ts"

export type Disturbance = keyof typeof disturbances

export interface Struck {
  readonly database: ChaosDatabase
  /** The server that it is done to. */
  readonly member: Member
  readonly random: () => number
}

/** Resolves when it holds. What it gives mends it, after a time of its own. */
type Strike = (struck: Struck) => Promise<() => Promise<void>>

export const disturbances = {
  /** `kill -9`, and started again up to five seconds later; sometimes killed again while it starts. */
  kill: async ({ member, random }) => {
    await signalled(member, "KILL", random)
    await member.kill()
    return async () => {
      await sleep(random() * 5000)
      if (random() < 0.25) {
        const starting = member.start().catch(() => {})
        await sleep(random() * 1500)
        await member.kill()
        await starting
      }
      await member.start()
    }
  },
  /** Frozen for 1 to 15 seconds. */
  stop: async ({ member, random }) => {
    await signalled(member, "STOP", random)
    return async () => {
      await sleep(1000 + random() * 14_000)
      process.kill(member.subject().pid, "SIGCONT")
    }
  },
  /** Postgres is killed, and back up to five seconds later. */
  database: async ({ database, random }) => {
    await database.kill()
    return async () => {
      await sleep(random() * 5000)
      await database.restart()
    }
  },
  /** A server's connections to Postgres break, and it gets no new ones for up to five seconds. */
  cut: async ({ member, random }) => {
    member.toDatabase.cut()
    return async () => {
      await sleep(random() * 5000)
      member.toDatabase.open()
    }
  },
  /** Nothing passes between a server and Postgres for 1 to 15 seconds, and neither is told. */
  hush: async ({ member, random }) => {
    member.toDatabase.hush()
    return async () => {
      await sleep(1000 + random() * 14_000)
      member.toDatabase.open()
    }
  },
  /** The other servers' connections to one break, or nothing passes on them, for 1 to 15 seconds. */
  apart: async ({ member, random }) => {
    if (random() < 0.5) member.toServer.cut()
    else member.toServer.hush()
    return async () => {
      await sleep(1000 + random() * 14_000)
      member.toServer.open()
    }
  }
} satisfies Record<string, Strike>

export const kinds = Object.keys(disturbances) as ReadonlyArray<Disturbance>

/** All kinds in an order of their own, again and again. */
export const deckOf = (random: () => number) => {
  let left: Array<Disturbance> = []
  return (): Disturbance => {
    if (left.length === 0) left = [...kinds]
    return left.splice(Math.floor(random() * left.length), 1)[0]!
  }
}

const signalled = (member: Member, signal: "KILL" | "STOP", random: () => number) =>
  signalLater(member.subject().pid, signal, random() * 0.5).sent
