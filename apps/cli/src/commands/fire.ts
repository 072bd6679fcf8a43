/** `tenterhook fire <event>`: announces an event, runs the hooks that fit, prints the report. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { readContext } from "../context/readContext.ts"
import { deliverLeft } from "../deliverLeft.ts"
import { exitCode } from "../ExitCode.ts"
import { configFlags, contextFlags, jsonFlag, timeoutFlag, timeoutOf } from "../flags.ts"
import { outboxFlags, outboxOptions, toolFlags, toolOptions } from "../hostFlags.ts"
import { logJournal } from "../Journal.ts"
import { openHooks } from "../openHooks.ts"
import { formatReport } from "../show/report.ts"
import { stopWhen } from "../stopWhen.ts"
import { penFor, print, printJson } from "../terminal/Terminal.ts"
import { naming } from "../unknownEvent.ts"
import { watchProgress } from "../watchProgress.ts"

export const fire = Command.make(
  "fire",
  {
    event: Argument.String("event").pipe(Argument.withDescription("Canonical, as pre_tool_use, or the dialect's own")),
    ...configFlags,
    ...contextFlags,
    json: jsonFlag,
    timeout: timeoutFlag,
    ...toolFlags,
    ...outboxFlags
  },
  does(async (flags, { words }) => {
    const stop = stopWhen(timeoutOf(flags.timeout))
    const context = await readContext(flags, words)
    const hooks = await openHooks(flags, words, { ...(await toolOptions(flags)), ...(await outboxOptions(flags)) })
    logJournal(hooks, words)
    const hideProgress = watchProgress(hooks, words)
    try {
      const report = await hooks.fire(flags.event, context, { signal: stop.signal }).catch(naming)
      hideProgress()
      if (flags.json) printJson(report)
      else print(formatReport(report, penFor(process.stdout)))
      await deliverLeft(hooks, words, stop.signal)
      const stopped = stop.why()
      if (stopped !== null) {
        words.error(stopped.text)
        return stopped.exitCode
      }
      return report.proceed ? exitCode.ok : exitCode.notToProceed
    } finally {
      hideProgress()
      await hooks.close()
      stop.release()
    }
  })
).pipe(
  Command.withDescription(
    "Announces an event and runs the hooks that fit. Exit code 0 to proceed, 3 not to; a hook that failed open is 0."
  ),
  Command.withShortDescription("Announce an event and run the hooks that fit"),
  Command.withExamples([
    {
      command: "tenterhook fire pre_tool_use --set tool.name=bash",
      description: "What would the hooks say to a shell call?"
    },
    {
      command: "tenterhook fire pre_tool_use --config coder.json --context @event.json --json",
      description: "One report for a program"
    }
  ])
)
