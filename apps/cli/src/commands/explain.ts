/** `tenterhook explain <event>`: every hook that runs for an event, and every one that does not, with the reason. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { readContext } from "../context/readContext.ts"
import { exitCode } from "../ExitCode.ts"
import { configFlags, contextFlags, jsonFlag } from "../flags.ts"
import { openHooks } from "../openHooks.ts"
import { openServerHooks, serverFlags } from "../serverFlags.ts"
import { formatExplanation } from "../show/explanation.ts"
import { penFor, print, printJson } from "../terminal/Terminal.ts"
import { naming } from "../unknownEvent.ts"

export const explain = Command.make(
  "explain",
  {
    event: Argument.String("event").pipe(Argument.withDescription("Canonical, as pre_tool_use, or the dialect's own")),
    ...configFlags,
    ...serverFlags,
    ...contextFlags,
    json: jsonFlag
  },
  does(async (flags, { words }) => {
    const context = await readContext(flags, { words, stdin: "context" })
    const hooks = (await openServerHooks(flags)) ?? (await openHooks(flags, words))
    try {
      const explanation = await hooks.explain(flags.event, context).catch(naming)
      if (flags.json) printJson(explanation)
      else print(formatExplanation(explanation, penFor(process.stdout)))
      return exitCode.ok
    } finally {
      await hooks.close()
    }
  })
).pipe(
  Command.withDescription(
    "For an event: every hook that runs, in order, with its place, deadline and failure policy, and every hook that does not, with the reason. Runs nothing."
  ),
  Command.withShortDescription("Which hooks run for an event, and why the others do not"),
  Command.withExamples([
    { command: "tenterhook explain pre_tool_use --set tool.name=bash", description: "Who would see a shell call?" }
  ])
)
