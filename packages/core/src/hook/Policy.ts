/** How the hooks of one set run and add up. Data, so that `explain` can print it. */
export interface Policy {
  readonly order: "sequential" | "parallel"
  /** When the hooks that follow are not run: never, after a decisive outcome, or after a failure. */
  readonly halting: "never" | "decisive" | "failure"
  /** Of two hooks that match with the same key only the first runs: `action`, or `none`. */
  readonly dedupe: "none" | "action"
  /** Which rewrite holds when several hooks ask for one. */
  readonly rewrite: "lastInOrder" | "firstWins"
}

/** Sequential, nothing halts it, the last rewrite holds. */
export const defaultPolicy: Policy = { order: "sequential", halting: "never", dedupe: "none", rewrite: "lastInOrder" }
