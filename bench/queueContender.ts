/**
 * One contender of bench/queue. Prints `{rate, p50, p99}`. Words: what, who, how many at a time, Postgres, port of the
 * receiver, seconds.
 */
import { PostgresClient } from "@tenterhook/postgres"
import { openSender, type Sender } from "@tenterhook/webhook"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Effect, Layer, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { run as runWorker, Logger, makeWorkerUtils } from "graphile-worker"
import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { PgBoss } from "pg-boss"

const [what, who, atATime, postgres, port, length] = process.argv.slice(2) as [
  "enqueue" | "deliver",
  string,
  string,
  string,
  string,
  string
]
const callers = Number(atATime)
const seconds = Number(length)
const hook = `http://127.0.0.1:${port}/hook`
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`
const data = { tool: "edit", text: "x".repeat(960) }

/** A database of its own, on a Postgres that has nothing left to write. */
const freshDatabase = async (): Promise<string> => {
  const name = `bench_${randomUUID().replaceAll("-", "")}`
  await onPostgres(postgres, (sql) => Effect.andThen(sql.unsafe("CHECKPOINT"), sql.unsafe(`CREATE DATABASE ${name}`)))
  return new URL(`/${name}`, postgres).href
}

const onPostgres = <A, E>(url: string, ask: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(SqlClient.SqlClient, ask).pipe(Effect.provide(PostgresClient.layer({ url, maxConnections: 2 })))
  )

const numberIn = async (url: string, query: string): Promise<number> => {
  const rows = await onPostgres(url, (sql) => sql.unsafe<{ n: unknown }>(query))
  return Number(rows[0]!.n)
}

const outboxAt = (url: string, sender: Sender, deliver: boolean) =>
  (deliver ? Outbox.layerWithWorker : Outbox.layer)({ sender, maxInFlight: taken }).pipe(
    Layer.provide(PostgresClient.layer({ url }))
  )

/** What each worker takes ahead; connections to the receiver are as many as are said. */
const taken = 500
const endpoint = { url: hook, secret, concurrency: taken }
const announcement = { type: "tool.called", data }

const summary = (took: Array<number>, rate: number) => {
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))]!
  return { rate, p50: at(0.5), p99: at(0.99) }
}

/** Calls again and again until then; says how long each took. */
type Load = (until: number, took: Array<number>) => Promise<unknown>

const measured = async (load: Load) => {
  await load(performance.now() + 1000, [])
  const took: Array<number> = []
  const from = performance.now()
  await load(from + seconds * 1000, took)
  return summary(took, (took.length * 1000) / (performance.now() - from))
}

const enqueueWith = {
  tenterhook: async () => {
    const url = await freshDatabase()
    const sender = openSender({ guard: { allow: [`127.0.0.1:${port}`] } })
    return Effect.runPromise(
      Effect.gen(function* () {
        const { announce, endpoints } = yield* Outbox
        yield* endpoints.create(endpoint)
        const services = yield* Effect.context()
        const caller = Effect.fnUntraced(function* (until: number, took: Array<number>) {
          while (performance.now() < until) {
            const from = performance.now()
            yield* announce([announcement])
            took.push(performance.now() - from)
          }
        })
        const load: Load = (until, took) =>
          Effect.runPromiseWith(services)(
            Effect.forEach(Array.from({ length: callers }), () => caller(until, took), {
              concurrency: "unbounded",
              discard: true
            })
          )
        return yield* Effect.promise(() => measured(load))
      }).pipe(Effect.provide(outboxAt(url, sender, false)))
    )
  },
  "pg-boss": async () => {
    const boss = new PgBoss({ connectionString: await freshDatabase(), max: Math.min(callers, 20) })
    boss.on("error", (error: Error) => console.error(error.message))
    await boss.start()
    await boss.createQueue("hook")
    return measured((until, took) =>
      Promise.all(
        Array.from({ length: callers }, async () => {
          while (performance.now() < until) {
            const from = performance.now()
            await boss.send("hook", data)
            took.push(performance.now() - from)
          }
        })
      )
    )
  }
}

/** What Postgres takes of such rows with one index, as many a statement as there are callers, and nothing else done. */
const bareTable = async () => {
  const url = await freshDatabase()
  const text = JSON.stringify(announcement)
  return onPostgres(url, (sql) =>
    Effect.gen(function* () {
      yield* sql`CREATE TABLE bare (id TEXT PRIMARY KEY, data TEXT NOT NULL)`
      let made = 0
      const load: Load = (until, took) => {
        const lane = async () => {
          while (performance.now() < until) {
            const from = performance.now()
            const ids = Array.from({ length: callers }, () => `evt_${String(made++).padStart(24, "0")}`)
            const texts = ids.map(() => text)
            await Effect.runPromise(
              sql`INSERT INTO bare (id, data) SELECT * FROM unnest(${ids}::text[], ${texts}::text[])`
            )
            for (let n = 0; n < callers; n++) took.push(performance.now() - from)
          }
        }
        return Promise.all([lane(), lane()])
      }
      return yield* Effect.promise(() => measured(load))
    })
  )
}

/** What a queue is asked for, beside sending. */
interface Queue {
  /** Before anything is taken. */
  readonly fill: (count: number) => Promise<unknown>
  /** Resolves when it takes what waits. */
  readonly start: () => Promise<unknown>
  readonly enqueue: () => Promise<unknown>
  /** How many are over, acknowledged in the database. */
  readonly over: () => Promise<number>
  readonly url: string
}

/** Told of each answer. */
let heard = () => {}
const tellingSender = (): Sender => {
  const sender = openSender({ guard: { allow: [`127.0.0.1:${port}`] }, agent: { connections: callers } })
  return {
    ...sender,
    deliver: (request) =>
      sender.deliver(request).then((result) => {
        if (result._tag === "failure" || result.status !== 200) throw new Error(JSON.stringify(result))
        heard()
        return result
      })
  }
}

/** Signed and sent, and no queue at all. */
const sentOnly = async () => {
  const sender = tellingSender()
  const body = JSON.stringify(announcement)
  const send = async (took: Array<number>) => {
    const from = performance.now()
    await sender.deliver({ url: hook, id: `msg_${randomUUID()}`, body, secrets: secret })
    took.push(performance.now() - from)
  }
  const { rate } = await measured((until, took) =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < until) await send(took)
      })
    )
  )
  const took: Array<number> = []
  for (let n = 0; n < 200; n++) await send(took)
  return summary(took, rate)
}

const queueOf = {
  tenterhook: async (): Promise<Queue> => {
    const url = await freshDatabase()
    const layer = outboxAt(url, tellingSender(), false)
    const runtime = ManagedRuntime.make(layer)
    const run = runtime.runPromise
    const { announce, endpoints, worker } = await run(Outbox)
    await run(endpoints.create(endpoint))
    return {
      url,
      fill: async (count) => {
        for (let done = 0; done < count; done += 1000)
          await run(announce(Array.from({ length: 1000 }, () => announcement)))
      },
      start: async () => void runtime.runFork(Effect.scoped(worker)),
      enqueue: () => run(announce([announcement])),
      over: () => numberIn(url, "SELECT count(*) AS n FROM outbox_delivery WHERE status = 'delivered'")
    }
  },
  "graphile-worker": async (): Promise<Queue> => {
    const url = await freshDatabase()
    const utils = await makeWorkerUtils({ connectionString: url, logger: new Logger(() => () => {}) })
    await utils.migrate()
    const sender = tellingSender()
    let filled = 0
    return {
      url,
      fill: async (count) => {
        filled = count
        await utils.withPgClient((client) =>
          client.query(
            `SELECT 1 FROM graphile_worker.add_jobs((SELECT array_agg(json_populate_record(NULL::graphile_worker.job_spec,
              json_build_object('identifier', 'deliver', 'payload', $1::json))) FROM generate_series(1, ${count})))`,
            [JSON.stringify(announcement)]
          )
        )
      },
      start: () =>
        runWorker({
          connectionString: url,
          logger: new Logger(() => () => {}),
          noHandleSignals: true,
          taskList: {
            deliver: async (job) => {
              const id = `msg_${randomUUID()}`
              await sender.deliver({ url: hook, id, body: JSON.stringify(job), secrets: secret })
            }
          },
          preset: {
            worker: {
              concurrentJobs: callers,
              maxPoolSize: 20,
              localQueue: { size: taken },
              completeJobBatchDelay: 0,
              failJobBatchDelay: 0
            }
          }
        }),
      enqueue: () => utils.addJob("deliver", announcement),
      over: async () => filled - (await numberIn(url, "SELECT count(*) AS n FROM graphile_worker._private_jobs"))
    }
  }
}

const deliver = async (queue: Queue) => {
  await queue.fill(Math.ceil((seconds + 2) * 30_000))
  await onPostgres(queue.url, (sql) => sql.unsafe("VACUUM ANALYZE"))
  await onPostgres(queue.url, (sql) => sql.unsafe("CHECKPOINT"))
  await queue.start()
  await sleep(1500)
  const [before, from] = [await queue.over(), performance.now()]
  await sleep(seconds * 1000)
  const [after, until] = [await queue.over(), performance.now()]
  return ((after - before) * 1000) / (until - from)
}

/** One at a time, on a queue that is empty. */
const alone = async (queue: Queue) => {
  await queue.start()
  await sleep(1000)
  const took: Array<number> = []
  for (let n = 0; n < 200; n++) {
    const answered = new Promise<void>((done) => (heard = done))
    const from = performance.now()
    await Promise.all([queue.enqueue(), answered])
    took.push(performance.now() - from)
    await sleep(5)
  }
  heard = () => {}
  return took
}

const measure = async () => {
  if (who === "ceiling") return what === "enqueue" ? bareTable() : sentOnly()
  if (what === "enqueue") return enqueueWith[who as keyof typeof enqueueWith]()
  const make = queueOf[who as keyof typeof queueOf]
  const took = await alone(await make())
  return summary(took, await deliver(await make()))
}
console.log(JSON.stringify(await measure()))
process.exit(0)
