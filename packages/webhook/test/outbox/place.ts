/** An outbox on a database of its own, with a real sender and a real receiver on loopback. */
import type { Database, Engine } from "@tenterhook/testing-databases"
import { type Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Webhook } from "standardwebhooks"
import { Outbox, type OutboxSettings } from "../../src/outbox.ts"
import { openSender } from "../../src/request/Sender.ts"
import { openReceiver, type Received } from "../Receiver.ts"

export const receiver = Effect.acquireRelease(
  Effect.promise(() => openReceiver()),
  (it) => Effect.promise(() => it.close())
)

export const loopback = { allow: ["127.0.0.0/8"] }

export const sender = Effect.acquireRelease(
  Effect.sync(() => openSender({ guard: loopback, agent: { keepAliveMs: 1000 } })),
  (it) => Effect.promise(() => it.close())
)

export const outboxOn = (engine: Engine) => {
  const onDatabase = (settings: Partial<OutboxSettings> = {}, database?: Database) =>
    Layer.unwrap(
      Effect.gen(function* () {
        const { client } = database ?? (yield* engine.database)
        const own = settings.sender ?? (yield* sender)
        return Outbox.layerWithWorker({ ...settings, sender: own }).pipe(Layer.provideMerge(client))
      })
    )
  /** At `now` on the test's clock. A poll never wakes the worker, so that what does is known. */
  const withOutbox = (settings: Partial<OutboxSettings> = {}, database?: Database) =>
    Layer.unwrap(Effect.as(TestClock.setTime(now), onDatabase({ pollMs: 3_600_000, ...settings }, database)))
  return { onDatabase, withOutbox }
}

/** Of real time, however the test's clock stands. */
export const until = <E, R>(what: string, holds: Effect.Effect<boolean, E, R>) =>
  Effect.gen(function* () {
    const late = performance.now() + 40_000
    while (performance.now() < late) {
      if (yield* holds) return
      yield* Effect.promise(() => new Promise((done) => setTimeout(done, 10)))
    }
    return yield* Effect.die(new Error(`waited 40 seconds for: ${what}`))
  })

/** A little real time, in which nothing may happen. */
export const pause = (ms = 60) => Effect.promise(() => new Promise((done) => setTimeout(done, ms)))

/** Lets the worker settle, then moves the test's clock. */
export const later = (duration: Duration.Input) => Effect.andThen(pause(25), TestClock.adjust(duration))

export const now = 1_790_000_000_000

/** Throws unless the reference library accepts it. It knows the real clock only, so the tolerance is set around that. */
export const verified = (secret: string, { headers, body }: Received): unknown => {
  const timestamp = Number(headers["webhook-timestamp"])
  const real = Date.now
  Date.now = () => timestamp * 1000
  try {
    return new Webhook(secret).verify(body.toString(), headers as Record<string, string>)
  } finally {
    Date.now = real
  }
}
