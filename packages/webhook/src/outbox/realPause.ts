import { Effect } from "effect"

/** Not on Effect's clock: other processes, and what they wait for, are real. */
export const realPause = (ms: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clearTimeout(timer))
  })
