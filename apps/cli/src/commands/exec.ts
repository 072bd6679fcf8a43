/** `tenterhook exec -- <command>`: start hooks, the command as if nothing were around it, end hooks. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { writeFileSync } from "node:fs"
import { answers } from "../CommandLine.ts"
import { readContext } from "../context/readContext.ts"
import { configFlags, contextFlags, timeoutFlag, timeoutOf } from "../flags.ts"
import { outboxFlags, toolFlags } from "../hostFlags.ts"
import { openFiring } from "../openFiring.ts"
import { Refusal } from "../Refusal.ts"
import { serverFlags } from "../serverFlags.ts"
import { formatReport } from "../show/report.ts"
import type { Wrapped } from "../exec/wrap.ts"
import { penFor, say } from "../terminal/Terminal.ts"
import type { Words } from "../terminal/Words.ts"

export const exec = Command.make(
  "exec",
  {
    ...configFlags,
    ...serverFlags,
    ...contextFlags,
    timeout: timeoutFlag,
    report: Flag.String("report").pipe(
      Flag.optional,
      Flag.withMetavar("file"),
      Flag.withDescription("Where to write {start, end, exitCode} as JSON")
    ),
    ...toolFlags,
    ...outboxFlags
  },
  answers(async (flags, { rest, words }) => {
    const [file, ...args] = rest ?? []
    if (file === undefined)
      throw new Refusal("no command: it stands after --", { hint: "as tenterhook exec -- npm run agent" })
    const timeoutMs = timeoutOf(flags.timeout)
    const context = await readContext(flags, { words, stdin: "command" })
    const report = Option.getOrNull(flags.report)
    if (report !== null) write(report, "")
    const { hooks, hideProgress, deliver } = await openFiring(flags, words)
    try {
      const { wrap } = await import("../exec/wrap.ts")
      const result = await wrap({
        hooks,
        context,
        argv: [file, ...args],
        timeoutMs,
        words,
        show: (fired) => {
          if (fired.outcomes.length > 0 && words.hears("Info")) say(formatReport(fired, penFor(process.stderr)))
        }
      })
      if (report !== null) keep(report, result, words)
      await deliver()
      return result.exitCode
    } finally {
      hideProgress()
      await hooks.close()
    }
  })
).pipe(
  Command.withDescription(
    "Runs the hooks of execution_start, then the command after -- with its own stdio, signals and exit code, then the hooks of execution_end on every way out. What hooks say goes to stderr. A start that does not proceed is exit code 3, and the command never runs."
  ),
  Command.withShortDescription("Run a command between its start and end hooks"),
  Command.withExamples([
    { command: "tenterhook exec --config coder.json -- npm run agent", description: "The agent, with its hooks" },
    {
      command: "tenterhook exec --set task.id=7 --report report.json -- ./agent.sh",
      description: "Both reports in a file"
    },
    {
      command: "tenterhook exec --server http://127.0.0.1:4700 --hook-set hs_1 -- ./agent.sh",
      description: "The hooks on a server, the agent here"
    }
  ])
)

/** The exit code of a command that has run stands, whatever becomes of the report. */
const keep = (file: string, result: Wrapped, words: Words) => {
  try {
    write(file, `${JSON.stringify(result, null, 2)}\n`)
  } catch (error) {
    words.error((error as Refusal).message)
  }
}

const write = (file: string, text: string) => {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new Refusal(`--report: cannot write ${file}: ${(error as Error).message}`)
  }
}
