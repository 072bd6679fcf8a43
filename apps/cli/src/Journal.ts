/** The journal as lines on stderr, for `--log-level debug`: what was executed, for which task, what it said, how it ended. */
import type { FireReport, JournalEntry, OutcomeReport } from "@tenterhook/core"
import type { Hooks } from "@tenterhook/sdk"
import { formatDuration } from "./duration.ts"
import { penFor, say } from "./terminal/Terminal.ts"
import type { Words } from "./terminal/Words.ts"

/** Calls back what silences it again. */
export const logJournal = (hooks: Hooks, words: Words): (() => void) => {
  if (words.hears("Trace")) return hooks.listen((entry) => say(JSON.stringify(entry)))
  if (!words.hears("Debug")) return () => {}
  const { dim } = penFor(process.stderr)
  return hooks.listen((entry) =>
    linesOf(entry).forEach((line) => say(dim(`${new Date(entry.at).toISOString()} ${line}`)))
  )
}

const linesOf = (entry: JournalEntry): ReadonlyArray<string> => {
  switch (entry._tag) {
    case "planned":
      return [`${entry.fireId} ${entry.event}: ${entry.hooks.length === 0 ? "no hooks" : entry.hooks.join(", ")}`]
    case "started":
      return [
        `${entry.hook}: executing ${entry.does}`,
        `${entry.hook}: task ${entry.task?.id ?? "(no id)"}, folder ${entry.task?.dir ?? "(none)"}`
      ]
    case "finished":
      return finished(entry.outcome)
    case "verdict":
      return [`${entry.fireId} ${entry.report.verdict}, ${answerOf(entry.report)}`]
    case "announced":
      return [`${entry.hook}: announced ${entry.announcement.type} ${JSON.stringify(entry.announcement.data)}`]
  }
}

const answerOf = ({ proceed, resume }: FireReport) =>
  !proceed ? "do not proceed" : resume === null ? "proceed" : "resume"

const finished = (outcome: OutcomeReport): ReadonlyArray<string> => [
  ...output(outcome.hook, "stdout", outcome.stdout),
  ...output(outcome.hook, "stderr", outcome.stderr),
  `${outcome.hook}: ${outcome.status}${outcome.reason === null ? "" : ` (${outcome.reason})`}, ${endOf(outcome)}, ${formatDuration(outcome.durationMs)}`,
  ...(outcome.message === null ? [] : [`${outcome.hook}: ${outcome.message}`])
]

const endOf = ({ exitCode, signal }: OutcomeReport) =>
  signal !== null ? `ended by ${signal}` : exitCode === null ? "no exit code" : `exit code ${exitCode}`

const output = (hook: string, stream: string, text: string): ReadonlyArray<string> =>
  text === ""
    ? [`${hook}: ${stream} (empty)`]
    : text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => `${hook}: ${stream}: ${line}`)
