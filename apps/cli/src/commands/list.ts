/** `tenterhook list`: every hook of every config. */
import * as Command from "effect/cli/Command"
import { does } from "../CommandLine.ts"
import { exitCode } from "../ExitCode.ts"
import { configFlags, jsonFlag } from "../flags.ts"
import { toolFlags, toolOptions } from "../hostFlags.ts"
import { openHooks } from "../openHooks.ts"
import { formatSets, setsOf } from "../show/sets.ts"
import { formatTools, listedTools } from "../show/tools.ts"
import { penFor, print, printJson } from "../terminal/Terminal.ts"

export const list = Command.make(
  "list",
  { ...configFlags, ...toolFlags, json: jsonFlag },
  does(async (flags, { words }) => {
    const host = await toolOptions(flags)
    const hooks = await openHooks(flags, words, host)
    try {
      const sets = setsOf(hooks.sets)
      const tools = host.tools === undefined ? null : listedTools(await hooks.tools())
      const pen = penFor(process.stdout)
      if (flags.json) printJson({ sets, ...(tools === null ? {} : { tools }) })
      else print([formatSets(sets, pen), ...(tools === null ? [] : [formatTools(tools, pen)])].join("\n\n"))
      return exitCode.ok
    } finally {
      await hooks.close()
    }
  })
).pipe(
  Command.withDescription(
    "Every hook of every config: its place, its event and matcher, and what it does. With --tools or --shared also every tool that hooks may call."
  ),
  Command.withShortDescription("Every hook of every config"),
  Command.withExamples([{ command: "tenterhook list --config coder.json", description: "The hooks of one config" }])
)
