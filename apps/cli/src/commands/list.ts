/** `tenterhook list`: every hook of every config. */
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { configFlags, jsonFlag } from "../flags.ts"
import { openHooks } from "../openHooks.ts"
import { formatSets, setsOf } from "../show/sets.ts"
import { penFor, print, printJson } from "../terminal/Terminal.ts"

export const list = Command.make(
  "list",
  { ...configFlags, json: jsonFlag },
  does(async (flags, { words }) => {
    const hooks = await openHooks(flags, words)
    try {
      const sets = setsOf(hooks.sets)
      if (flags.json) printJson({ sets })
      else print(formatSets(sets, penFor(process.stdout)))
      return exitCode.ok
    } finally {
      await hooks.close()
    }
  })
).pipe(
  Command.withDescription("Every hook of every config: its place, its event and matcher, and what it does."),
  Command.withShortDescription("Every hook of every config"),
  Command.withExamples([{ command: "tenterhook list --config coder.json", description: "The hooks of one config" }])
)
