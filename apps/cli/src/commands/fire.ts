/** `tenterhook fire <event>`: announces an event, runs the hooks that fit, prints the report. */
import type { EventContext } from "@tenterhook/core"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { answers } from "../CommandLine.ts"
import { readContext } from "../context/readContext.ts"
import { codeOfReport } from "../ExitCode.ts"
import { configFlags, contextFlags, jsonFlag, timeoutFlag, timeoutOf } from "../flags.ts"
import { outboxFlags, toolFlags } from "../hostFlags.ts"
import { type Firing, openFiring } from "../openFiring.ts"
import { serverFlags } from "../serverFlags.ts"
import { formatReport } from "../show/report.ts"
import { toolHint } from "../show/toolHint.ts"
import { type Stop, stopWhen } from "../stopWhen.ts"
import { penFor, print, printJson } from "../terminal/Terminal.ts"
import type { Words } from "../terminal/Words.ts"
import { naming } from "../unknownEvent.ts"

export const fire = Command.make(
  "fire",
  {
    event: Argument.String("event").pipe(Argument.withDescription("Canonical, as pre_tool_use, or the dialect's own")),
    ...configFlags,
    ...serverFlags,
    ...contextFlags,
    json: jsonFlag,
    timeout: timeoutFlag,
    ...toolFlags,
    ...outboxFlags
  },
  answers(async (flags, { words }) => {
    const stop = stopWhen(timeoutOf(flags.timeout))
    try {
      const context = await readContext(flags, { event: flags.event, words, stdin: "context", signal: stop.signal })
      return await announce(await openFiring(flags, words), context, flags, stop, words)
    } finally {
      stop.release()
    }
  })
).pipe(
  Command.withDescription(
    "Announces an event and runs the hooks that fit. Exit code 0: proceed, also when a hook failed open; 3: do not proceed; 4: the agent goes on working, because a hook of stop, subagent_stop or post_tool_batch asked for it."
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
    },
    {
      command: "tenterhook fire pre_tool_use --server http://127.0.0.1:4700 --agent ag_1 --set tool.name=bash",
      description: "The same on a server, with its key in TENTERHOOK_KEY"
    }
  ])
)

/** Prints the report and returns the exit code that it asks for. Throws the stop's reason when that came first. */
const announce = async (
  { hooks, hideProgress, deliver }: Firing,
  context: EventContext,
  flags: { readonly event: string; readonly json: boolean },
  stop: Stop,
  words: Words
): Promise<number> => {
  try {
    const report = await hooks
      .fire(flags.event, context, { signal: stop.signal, whenAborted: "report" })
      .catch((error: unknown) => (error === stop.signal.reason ? null : naming(error)))
    hideProgress()
    const stopped = stop.why()
    if (report !== null && !flags.json) print(formatReport(report, penFor(process.stdout)))
    if (stopped !== null || report === null) throw stopped?.withReport(report)
    if (flags.json) printJson(report)
    const hint = await toolHint(hooks, flags.event, context, report).catch(() => null)
    if (hint !== null) words.warn(hint)
    await deliver(stop.signal)
    return codeOfReport(report)
  } finally {
    hideProgress()
    await hooks.close()
  }
}
