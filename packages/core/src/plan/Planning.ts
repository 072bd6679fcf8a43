/** Patterns take time on a large context, so a plan is made in steps, between which others use the thread. */
import { Effect } from "effect"

/** Pauses after each hook whose patterns were matched. Resumed with true, it leaves the other hooks out. */
export type Planning<A> = Generator<void, A, boolean>

/** The plan, if it takes no longer than a turn of the event loop may; undefined otherwise, and `finish` goes on. */
export const finishNow = <A>(planning: Planning<A>): A | undefined => {
  const until = performance.now() + turnMs
  for (;;) {
    const step = planning.next(false)
    if (step.done === true) return step.value
    if (performance.now() > until) return undefined
  }
}

/** Goes on with a plan until it is there or the signal aborts, and lets others use the thread in between. */
export const finish = Effect.fnUntraced(function* <A>(planning: Planning<A>, signal?: AbortSignal) {
  for (;;) {
    yield* Effect.yieldNow
    const until = performance.now() + turnMs
    do {
      const step = planning.next(signal?.aborted === true)
      if (step.done === true) return step.value
    } while (performance.now() < until)
  }
})

const turnMs = 5
