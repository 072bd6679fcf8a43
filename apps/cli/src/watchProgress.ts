/** Shows which hooks run while they run, on a terminal. */
import type { Hooks } from "@tenterhook/sdk"
import { startProgress } from "./terminal/progress.ts"
import type { Words } from "./terminal/Words.ts"

/** Calls back what ends it. Nothing is shown beside a log, which tells the same. */
export const watchProgress = (hooks: Hooks, words: Words): (() => void) => {
  if (words.hears("Debug") || !words.hears("Info")) return () => {}
  const progress = startProgress()
  const running = new Set<string>()
  const silence = hooks.listen((entry) => {
    if (entry._tag === "started") running.add(entry.hook)
    else if (entry._tag === "finished") running.delete(entry.outcome.hook)
    else return
    progress.at(running.size === 0 ? null : `running ${[...running].join(", ")}`)
  })
  return () => {
    silence()
    progress.clear()
  }
}
