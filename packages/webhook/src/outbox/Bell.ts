import { Clock, Effect, Fiber } from "effect"

/** Why a wait is over: somebody rang, somebody nudged and nobody rang, or it was time. */
export type Waking = "ring" | "nudge" | "time"

/** Wakes the one who waits for something to happen. What comes while nobody waits is kept for the next wait. */
export interface Bell {
  readonly ring: () => void
  readonly nudge: () => void
  /** Until then at most: epoch milliseconds, so that a clock that moves meanwhile is not waited for twice. */
  readonly wait: (until: number) => Effect.Effect<Waking>
}

export const makeBell = (): Bell => {
  let kept: Waking | null = null
  let listener: (() => void) | null = null
  const next = Effect.callback<Waking>((resume) => {
    const heard = () => {
      const waking = kept!
      kept = null
      listener = null
      resume(Effect.succeed(waking))
    }
    if (kept !== null) return heard()
    listener = heard
    return Effect.sync(() => {
      if (listener === heard) listener = null
    })
  })
  const say = (waking: Waking) => {
    if (kept === null || waking === "ring") kept = waking
    listener?.()
  }
  return {
    ring: () => say("ring"),
    nudge: () => say("nudge"),
    wait: Effect.fnUntraced(function* (until) {
      if (kept !== null) return yield* next
      const timer = yield* Effect.forkChild(
        Effect.andThen(
          sleepUntil(until),
          Effect.sync(() => say("time"))
        )
      )
      const waking = yield* next
      yield* Fiber.interrupt(timer)
      return waking
    })
  }
}

const sleepUntil = (at: number) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => (at > now ? Effect.sleep(at - now) : Effect.void))
