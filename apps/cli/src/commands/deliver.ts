/** `tenterhook deliver`: sends what earlier runs announced and could not deliver. */
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { deliveriesWait } from "../deliverLeft.ts"
import { exitCode } from "../ExitCode.ts"
import { jsonFlag, timeoutFlag, timeoutOf } from "../flags.ts"
import { outboxFlags } from "../hostFlags.ts"
import { openOutbox } from "../openOutbox.ts"
import { stopWhen } from "../stopWhen.ts"
import { print, printJson } from "../terminal/Terminal.ts"

export const deliver = Command.make(
  "deliver",
  { ...outboxFlags, timeout: timeoutFlag, json: jsonFlag },
  does(async (flags, { words }) => {
    const timeoutMs = timeoutOf(flags.timeout) ?? defaultMs
    const stop = stopWhen(null)
    const outbox = await openOutbox(flags, words)
    try {
      const before = await outbox.stats()
      const interrupted = new Promise<void>((done) =>
        stop.signal.addEventListener("abort", () => done(), { once: true })
      )
      await Promise.race([outbox.drain({ timeoutMs }), interrupted])
      const now = await outbox.stats()
      const counts = {
        delivered: now.delivered - before.delivered,
        failed: now.failed - before.failed,
        held: now.held - before.held,
        pending: now.pending
      }
      const stopped = stop.why()
      if (stopped === null && flags.json) printJson(counts)
      if (!flags.json)
        print(`${counts.delivered} delivered, ${counts.failed} given up; ${deliveriesWait(counts.pending)}`)
      if (stopped !== null) throw stopped
      return exitCode.ok
    } finally {
      await outbox.close()
      stop.release()
    }
  })
).pipe(
  Command.withDescription(
    "Sends what is left in the data folder, and waits (10 s, or --timeout) while something may still be delivered in that time."
  ),
  Command.withShortDescription("Send what earlier runs announced"),
  Command.withExamples([
    { command: "tenterhook deliver --data .tenterhook", description: "After an outage of the receiver" }
  ])
)

const defaultMs = 10_000
