/** Real time, plus what it was moved by: so that hours of retries pass in a test that talks to real receivers. */
import { type Clock, Duration, Effect } from "effect"

export interface MovableClock {
  /** Provide it as Effect's clock, or give it to `createHooks` or `openOutbox`. */
  readonly clock: Clock.Clock
  /** Whoever sleeps until a time that has passed by then wakes up. */
  readonly advance: (milliseconds: number) => void
}

export const movableClock = (): MovableClock => {
  let moved = 0
  const sleepers = new Set<Sleeper>()
  const wakeDue = () => {
    for (const sleeper of sleepers) if (sleeper.at <= millis()) sleeper.wake()
  }
  const millis = () => Date.now() + moved
  const nanos = () => BigInt(millis()) * 1_000_000n
  const monotonic = () => BigInt(Math.round((performance.now() + moved) * 1_000_000))
  return {
    advance: (milliseconds) => {
      moved += milliseconds
      wakeDue()
    },
    clock: {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: monotonic,
      monotonicTimeNanos: Effect.sync(monotonic),
      sleep: (duration) =>
        Effect.callback((resume) => {
          const ms = Duration.toMillis(duration)
          if (ms <= 0) return resume(Effect.yieldNow)
          const timer = setTimeout(wake, Math.min(ms, longestTimer))
          const sleeper = { at: millis() + ms, wake }
          const end = () => {
            clearTimeout(timer)
            sleepers.delete(sleeper)
          }
          function wake() {
            end()
            resume(Effect.void)
          }
          sleepers.add(sleeper)
          return Effect.sync(end)
        })
    }
  }
}

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

const longestTimer = 2 ** 31 - 1
