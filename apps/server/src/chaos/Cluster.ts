/** Several servers on one Postgres, each with a proxy of its own to that and one to itself: what can be done to them. */
import { join } from "node:path"
import { openProxy, type Proxy } from "./Proxy.ts"
import { freePort, startSubject, type Subject } from "./Subject.ts"

/** A Postgres that can be killed. */
export interface ChaosDatabase {
  readonly url: string
  readonly kill: () => Promise<void>
  readonly restart: () => Promise<void>
}

export interface Member {
  readonly url: string
  /** Between it and the database. */
  readonly toDatabase: Proxy
  /** Between the other servers and it. */
  readonly toServer: Proxy
  readonly subject: () => Subject
  /** Resolves when it is killed. */
  readonly kill: () => Promise<void>
  /** Once it is up. Rejects where it does not come up. */
  readonly start: () => Promise<void>
}

export interface Cluster {
  readonly members: ReadonlyArray<Member>
  /** The key of the first start. */
  readonly key: string
  /** Asks each to end, and gives what those say that did not end well. */
  readonly end: () => Promise<ReadonlyArray<string>>
  readonly close: () => Promise<void>
}

export interface ClusterOptions {
  /** Program and arguments of `tenterhook serve`. */
  readonly command: ReadonlyArray<string>
  readonly servers: number
  readonly database: ChaosDatabase
  /** For the data folders. */
  readonly folder: string
  /** Told of a server that ended though nobody asked it to. */
  readonly surprised: (words: string) => void
  readonly log?: (member: number, text: string) => void
}

export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { command, servers, database, folder, surprised, log } = options
  const target = new URL(database.url)
  const asked = new Set<Subject>()
  const members: Array<Member> = []
  let key = ""

  const addMember = async (n: number) => {
    const [port, listenPort] = [await freePort(Math.random), await freePort(Math.random)]
    const toDatabase = await openProxy({ host: target.hostname, port: Number(target.port) })
    const toServer = await openProxy({ host: "127.0.0.1", port: listenPort })
    const through = new URL(target)
    through.host = `127.0.0.1:${toDatabase.port}`
    const data = join(folder, `server-${n}`)
    const begin = () => {
      const subject = startSubject({
        command,
        port,
        data,
        shared: { databaseUrl: through.href, clusterPort: toServer.port, listenPort },
        ...(log === undefined ? {} : { log: (text) => log(n, text) })
      })
      void subject.ended.then((how) => {
        if (!asked.has(subject)) surprised(`server ${n} ended by itself: ${how}`)
      })
      return subject
    }
    let subject = begin()
    const isUp = async () => {
      const up = await subject.up
      if (up === null) throw new Error(`server ${n} did not start: ${await subject.ended}`)
      key ||= up.key ?? ""
    }
    members.push({
      url: `http://127.0.0.1:${port}`,
      toDatabase,
      toServer,
      subject: () => subject,
      kill: async () => {
        asked.add(subject)
        await subject.end("SIGKILL")
      },
      start: () => {
        subject = begin()
        return isUp()
      }
    })
    await isUp()
  }

  const close = async () => {
    for (const { subject, kill, toDatabase, toServer } of members) {
      subject().end("SIGCONT")
      await kill()
      await toDatabase.close()
      await toServer.close()
    }
  }

  try {
    for (let n = 0; n < servers; n++) await addMember(n)
    if (key === "") throw new Error("no server started with a key: the database was expected to be empty")
  } catch (error) {
    await close()
    throw error
  }
  return {
    members,
    key,
    end: async () => {
      const ends = members.map(async ({ subject }, n) => {
        asked.add(subject())
        const how = await subject().end("SIGTERM")
        return how.startsWith("exit code 0")
          ? []
          : [`after SIGTERM server ${n} was to end with exit code 0, got ${how}`]
      })
      return (await Promise.all(ends)).flat()
    },
    close
  }
}
