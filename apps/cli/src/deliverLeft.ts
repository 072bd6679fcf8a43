/** Before the program leaves: what was announced has ten seconds to arrive. What is left stays for the next run. */
import type { Hooks } from "@tenterhook/sdk"
import { startProgress } from "./terminal/progress.ts"
import type { Words } from "./terminal/Words.ts"

/** The signal ends the wait, and nothing else. A delivery that fails changes no exit code. */
export const deliverLeft = async (hooks: Hooks, words: Words, signal?: AbortSignal): Promise<void> => {
  const progress = words.hears("Info") && !words.hears("Debug") ? startProgress() : null
  const told = setTimeout(() => progress?.at("delivering what was announced"), 300)
  try {
    const left = await Promise.race([hooks.deliver({ timeoutMs: waitMs }), aborted(signal)])
    if (left !== null && left.pending > 0)
      words.info(`${deliveriesWait(left.pending)}; the next run or \`tenterhook deliver\` sends what is due by then`)
  } catch (error) {
    words.warn(`what was announced could not be delivered: ${(error as Error).message}`)
  } finally {
    clearTimeout(told)
    progress?.clear()
  }
}

export const deliveriesWait = (pending: number): string =>
  pending === 1 ? "1 delivery waits for its next try" : `${pending} deliveries wait for their next try`

const aborted = (signal: AbortSignal | undefined) =>
  new Promise<null>((done) => {
    if (signal?.aborted === true) done(null)
    signal?.addEventListener("abort", () => done(null), { once: true })
  })

const waitMs = 10_000
