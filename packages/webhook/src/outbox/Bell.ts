import { Effect } from "effect"

/** Why a wait is over: somebody rang, somebody nudged and nobody rang, or it was time. */
export type Waking = "ring" | "nudge" | "time"

/** Wakes the one who waits for something to happen. What comes while nobody waits is kept for the next wait. */
export interface Bell {
  readonly ring: () => void
  readonly nudge: () => void
  readonly wait: (timeoutMs: number) => Effect.Effect<Waking>
}

export const makeBell = (): Bell => {
  let kept: Exclude<Waking, "time"> | null = null
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
  return {
    ring: () => {
      kept = "ring"
      listener?.()
    },
    nudge: () => {
      kept ??= "nudge"
      listener?.()
    },
    wait: (timeoutMs) =>
      Effect.suspend(() =>
        kept === null ? Effect.raceFirst(next, Effect.as(Effect.sleep(timeoutMs), "time" as const)) : next
      )
  }
}
