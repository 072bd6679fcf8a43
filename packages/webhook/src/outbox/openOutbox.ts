/** The outbox for people who do not use Effect: a file, promises, ordinary errors. */
import type { MovableClock } from "@tenterhook/core"
import { SqliteClient } from "@tenterhook/sqlite"
import { Cause, Clock, Effect, Exit, Layer, Logger, ManagedRuntime } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { isDeepStrictEqual } from "node:util"
import type { GuardOptions } from "../guard/Guard.ts"
import type { AgentOptions } from "../request/Client.ts"
import { openSender } from "../request/Sender.ts"
import type { Announcing } from "./Announcer.ts"
import type { Deliveries } from "./Deliveries.ts"
import type { EndpointSettings } from "./Endpoint.ts"
import type { Feed } from "./Feed.ts"
import { type Drained, Outbox, type OutboxSettings, type OutboxStats } from "./Outbox.ts"
import { OutboxError, Storage } from "./OutboxError.ts"
import type { Forgetting, Forgotten, Keeping } from "./Retention.ts"

export interface OpenOutboxOptions extends Omit<OutboxSettings, "sender"> {
  /** A SQLite database, made where it is not there; several processes may have it open. `:memory:` for none. */
  readonly file: string
  /** Where requests may go. Default: public addresses only. */
  readonly guard?: GuardOptions
  /** More that may be reached: short for `guard: { allow }`. */
  readonly allow?: ReadonlyArray<string>
  readonly agent?: AgentOptions
  /**
   * Endpoints that must be there, as a config declares them: made where they are not, changed where they differ. One
   * that was disabled or paused stays so. Without an id, URL and filters say which one it is.
   */
  readonly endpoints?: ReadonlyArray<EndpointSettings & { readonly id?: string; readonly secret?: string }>
  /** Whether this process delivers. Default: true. */
  readonly deliver?: boolean
  /** What is forgotten after how many days: at the start, and then each day. `false`: nothing. Default: payloads after 30, deliveries after 90. */
  readonly retention?: Keeping | false
  /** Told what an operator should know, such as that an endpoint was disabled. */
  readonly warn?: (text: string) => void
  /** For tests. */
  readonly clock?: MovableClock
}

export interface OpenOutbox {
  /** Resolves once they are durable, with their ids. */
  readonly announce: (list: ReadonlyArray<Announcing>) => Promise<ReadonlyArray<string>>
  readonly endpoints: Promised<Outbox["Service"]["endpoints"]>
  readonly deliveries: Promised<Deliveries>
  /** Told what happens to deliveries in this process, until the function that it gives is called. */
  readonly listen: Feed["listen"]
  /** Whatever `retention` says. */
  readonly forget: (what: Forgetting) => Promise<Forgotten>
  /** Waits while something may still be delivered within the time. Default: 10 seconds. What is left stays in the file. */
  readonly drain: (options?: { readonly timeoutMs?: number }) => Promise<Drained>
  readonly stats: () => Promise<OutboxStats>
  readonly close: () => Promise<void>
}

/** Rejects with `OutboxError`, as all that it gives does. */
export const openOutbox = async (options: OpenOutboxOptions): Promise<OpenOutbox> => {
  const runtime = ManagedRuntime.make(layerOf(options))
  const run = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
    const exit = await runtime.runPromiseExit(effect)
    if (Exit.isSuccess(exit)) return exit.value
    throw Cause.squash(exit.cause)
  }
  try {
    if (options.file !== ":memory:") mkdirSync(dirname(options.file), { recursive: true })
    const outbox = await runtime.runPromise(Outbox)
    for (const declared of options.endpoints ?? []) await run(ensure(outbox.endpoints, declared))
    return {
      announce: (list) => run(outbox.announce(list)),
      endpoints: promised(outbox.endpoints, run),
      deliveries: promised(outbox.deliveries, run),
      listen: outbox.listen,
      forget: (what) => run(outbox.forget(what)),
      drain: ({ timeoutMs = 10_000 } = {}) => run(outbox.drain(timeoutMs)),
      stats: () => run(outbox.stats),
      close: () => runtime.dispose()
    }
  } catch (error) {
    await runtime.dispose()
    if (error instanceof OutboxError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new OutboxError({ reason: new Storage({ doing: `open ${options.file}`, why }) })
  }
}

const layerOf = ({ file, guard, allow, agent, deliver, retention, warn, clock, ...settings }: OpenOutboxOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const sender = yield* Effect.acquireRelease(
        Effect.sync(() =>
          openSender({
            guard: { ...guard, allow: [...(guard?.allow ?? []), ...(allow ?? [])] },
            ...(agent === undefined ? {} : { agent })
          })
        ),
        (it) => Effect.promise(() => it.close())
      )
      const make = deliver === false ? Outbox.layer : Outbox.layerWithWorker
      const kept =
        retention === false ? Effect.void : Effect.forkScoped(Effect.flatMap(Outbox, ({ keep }) => keep(retention)))
      return Layer.effectDiscard(kept).pipe(Layer.provideMerge(make({ ...settings, sender })))
    })
  ).pipe(
    Layer.provide(Layer.fresh(SqliteClient.layer({ filename: file }))),
    Layer.provideMerge(Logger.layer([Logger.make(({ message }) => warn?.([message].flat().map(String).join(" ")))])),
    Layer.provideMerge(clock === undefined ? Layer.empty : Layer.succeed(Clock.Clock, clock.clock))
  )

const ensure = Effect.fnUntraced(function* (
  endpoints: Outbox["Service"]["endpoints"],
  { id: given, secret, ...settings }: EndpointSettings & { readonly id?: string; readonly secret?: string }
) {
  const id = given ?? declaredId(settings)
  const before = (yield* endpoints.list).find((one) => one.id === id)
  if (before === undefined)
    return yield* endpoints.create({ id, ...settings, ...(secret === undefined ? {} : { secret }) })
  const differs = Object.entries(settings).some(
    ([key, value]) => value !== undefined && !isDeepStrictEqual(value, before[key as keyof typeof before])
  )
  if (differs) yield* endpoints.update(id, settings)
  if (secret !== undefined && (yield* endpoints.secrets(id))[0] !== secret)
    yield* endpoints.rotateSecret(id, { secret })
  return before
})

/** The same in each run, so that what one run left is delivered by the next. */
const declaredId = ({ url, events, filter }: EndpointSettings) =>
  `ep_${createHash("sha256")
    .update(JSON.stringify([url, events ?? null, filter ?? null]))
    .digest("hex")
    .slice(0, 24)}`

/** The same methods, with promises. */
export type Promised<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer Args) => Effect.Effect<infer A, any>
    ? (...args: Args) => Promise<A>
    : T[K] extends Effect.Effect<infer A, any>
      ? () => Promise<A>
      : never
}

const promised = <T extends object>(methods: T, run: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>): Promised<T> =>
  Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      (...args: ReadonlyArray<unknown>) => run(Effect.isEffect(method) ? method : method(...args))
    ])
  ) as Promised<T>
