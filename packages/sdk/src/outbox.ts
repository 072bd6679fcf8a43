/** Announcements on their way to endpoints, out of one SQLite file, for people who do not use Effect. */
import type { Announcement } from "@tenterhook/core"
import { SqliteClient } from "@tenterhook/sqlite"
import { openSender } from "@tenterhook/webhook"
import { type Delivery, type DeliveryRules, type Drained, type Endpoint, modes, Outbox } from "@tenterhook/webhook/outbox"
import { Effect, Exit, Layer, ManagedRuntime } from "effect"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** Who gets what is announced. */
export interface EndpointOptions {
  readonly url: string
  /** Signs what is sent, and the receiver verifies it with the same: `whsec_` and 24 to 64 random bytes in base64. */
  readonly secret: string
  /** Types of announcements: exact, a beginning (`agent.*`), or `*`. Default: all. */
  readonly events?: ReadonlyArray<string>
  /** By what an announcement says: `{ "status": "failed" }`. Default: all. */
  readonly filter?: Readonly<Record<string, unknown>>
  /** Added to each request. */
  readonly headers?: Readonly<Record<string, string>>
  readonly ratePerSecond?: number
  /** Requests at the same time at most. Default: 10. */
  readonly concurrency?: number
  /** One delivery after the other, in the order of the announcements. Default: false. */
  readonly fifo?: boolean
  /** The rules of its deliveries: `standard` (default), `wacht-documented`, `wacht-upstream`. */
  readonly mode?: string
  /** What differs from the mode's rules, such as `{ delaysMs: [1000, 5000] }`. Not kept in the file: give it each time. */
  readonly rules?: Partial<DeliveryRules>
}

export interface OutboxOptions {
  /** Made with its folder where it is not there. Several processes may share it. */
  readonly file: string
  /** Places beside public addresses that may be sent to, as `127.0.0.1:8080`, and networks. */
  readonly allow?: ReadonlyArray<string>
  /**
   * All endpoints: those of the file that are not among them are disabled, and those that have changed are changed.
   * Absent: the file's own.
   */
  readonly endpoints?: ReadonlyArray<EndpointOptions>
}

/** What was announced, on its way. Delivers in the background as long as it is open. */
export interface OpenOutbox {
  /** Resolves when they can no longer be lost. */
  readonly announce: (list: ReadonlyArray<Announcement>) => Promise<void>
  /** Waits while something may still be delivered within the time. */
  readonly drain: (timeoutMs: number) => Promise<Drained>
  /** The newest first. */
  readonly deliveries: (limit?: number) => Promise<ReadonlyArray<Delivery>>
  readonly endpoints: () => Promise<ReadonlyArray<Endpoint>>
  /** What is left stays in the file. */
  readonly close: () => Promise<void>
}

/** The outbox's file in a data folder. */
export const outboxFile = (dataFolder: string): string => join(dataFolder, "outbox.db")

/** Rejects where an endpoint cannot be saved as it is, or the file cannot be used. */
export const openOutbox = async (options: OutboxOptions): Promise<OpenOutbox> => {
  const endpoints = options.endpoints?.map(withOwnRules)
  makeFolder(dirname(options.file))
  const sender = openSender({ guard: { allow: options.allow ?? [] } })
  const runtime = ManagedRuntime.make(
    Outbox.layerWithWorker({
      sender,
      rules: Object.fromEntries((endpoints ?? []).flatMap(({ own }) => (own === null ? [] : [own])))
    }).pipe(Layer.provide(SqliteClient.layer({ filename: options.file })))
  )
  const run = async <A>(effect: Effect.Effect<A, { readonly message: string }, Outbox>): Promise<A> => {
    const exit = await runtime.runPromiseExit(effect)
    if (Exit.isSuccess(exit)) return exit.value
    for (const reason of exit.cause.reasons) if (reason._tag === "Fail") throw reason.error
    throw new Error(`outbox: ${options.file}: ${String(exit.cause)}`)
  }
  const close = async () => {
    await runtime.dispose()
    await sender.close()
  }
  try {
    await run(Outbox)
    if (endpoints !== undefined) await run(save(endpoints))
  } catch (error) {
    await close()
    throw error
  }
  return {
    announce: (list) => run(Effect.asVoid(Outbox.use((outbox) => outbox.announce(list)))),
    drain: (timeoutMs) => run(Outbox.use((outbox) => outbox.drain(timeoutMs))),
    deliveries: (limit) => run(Outbox.use(({ deliveries }) => deliveries.list(limit === undefined ? {} : { limit }))),
    endpoints: () => run(Outbox.use((outbox) => outbox.endpoints.list)),
    close
  }
}

interface Wanted {
  readonly id: string
  readonly secret: string
  readonly settings: Omit<EndpointOptions, "secret" | "rules">
  /** The name of rules of its own, and the rules. */
  readonly own: readonly [string, DeliveryRules] | null
}

/** The same endpoint has the same id in each process and at each start; two may have one URL. */
const withOwnRules = (
  { secret, rules, ...settings }: EndpointOptions,
  index: number,
  all: ReadonlyArray<EndpointOptions>
): Wanted => {
  const earlier = all.slice(0, index).filter((one) => one.url === settings.url).length
  const id = `ep_${createHash("sha256").update(`${earlier} ${settings.url}`).digest("hex").slice(0, 24)}`
  if (rules === undefined) return { id, secret, settings, own: null }
  const base = modes[settings.mode ?? "standard"] ?? modes["standard"]!
  return { id, secret, settings: { ...settings, mode: id }, own: [id, { ...base, ...rules }] }
}

const save = Effect.fnUntraced(function* (wanted: ReadonlyArray<Wanted>) {
  const { endpoints } = yield* Outbox
  const saved = new Map((yield* endpoints.list).map((endpoint) => [endpoint.id, endpoint]))
  for (const { id, secret, settings } of wanted) {
    const known = saved.get(id)
    if (known === undefined) {
      // Another process that starts at the same time may have saved it meanwhile.
      yield* Effect.catch(Effect.asVoid(endpoints.create({ id, secret, ...settings })), (error) =>
        Effect.mapError(Effect.asVoid(endpoints.get(id)), () => error)
      )
      continue
    }
    const full = { ...defaults, ...settings }
    if (differs(known, full)) yield* endpoints.update(id, full)
    const [signing] = yield* endpoints.secrets(id)
    if (signing !== secret) yield* endpoints.rotateSecret(id, { secret })
    if (known.status === "disabled" && known.reason === notNamed) yield* endpoints.enable(id)
  }
  for (const endpoint of saved.values()) {
    if (endpoint.status === "disabled" || wanted.some(({ id }) => id === endpoint.id)) continue
    yield* endpoints.disable(endpoint.id, notNamed)
  }
})

const notNamed = "it is no longer among the endpoints"

const defaults = { events: ["*"], filter: null, headers: {}, ratePerSecond: null, concurrency: 10, fifo: false, mode: "standard" }

const differs = (saved: Endpoint, wanted: object) =>
  Object.entries(wanted).some(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(saved[key as keyof Endpoint])
  )

/** It holds secrets and payloads: nobody else reads it, and no repository takes it in. */
const makeFolder = (folder: string) => {
  if (existsSync(folder)) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, ".gitignore"), "*\n")
}
