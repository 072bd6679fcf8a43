/** A report as people read it: the answer, then each hook, then what they asked for. */
import type { FireReport, OutcomeReport } from "@tenterhook/core"
import { formatDuration } from "../duration.ts"
import type { Pen } from "../terminal/Terminal.ts"
import { shortPath } from "./shortPath.ts"

export const formatReport = (report: FireReport, pen: Pen): string =>
  [
    headline(report, pen),
    ...report.outcomes.flatMap((outcome) => formatOutcome(outcome, pen)),
    ...said(report, pen)
  ].join("\n")

const headline = ({ event, verdict, proceed, resume, outcomes }: FireReport, pen: Pen): string => {
  const answer = !proceed
    ? pen.bad("do not proceed")
    : resume === null
      ? pen.good("proceed")
      : pen.doubtful(`the ${event === "subagent_stop" ? "subagent" : "agent"} goes on working (resume)`)
  const why = verdict === "abstain" ? "" : ` (${verdict})`
  return `${pen.bold(event)}: ${answer}${why}${outcomes.length === 0 ? "; no hook is for it" : ""}`
}

const formatOutcome = (outcome: OutcomeReport, pen: Pen): ReadonlyArray<string> => {
  const { hook, status, reason, verdict, durationMs, source } = outcome
  const colour = status === "succeeded" ? pen.good : status === "failed" ? pen.bad : pen.doubtful
  const facts = [
    colour(reason === null ? status : `${status}: ${reason}`),
    ...(verdict === "abstain" ? [] : [verdict]),
    ...endOf(outcome),
    ...(status === "skipped" ? [] : [formatDuration(durationMs)]),
    ...(outcome.truncated ? ["output cut"] : []),
    ...(outcome.leftRunning === 0 ? [] : [`${outcome.leftRunning} left running`])
  ]
  const place = source.file === null ? "" : ` ${pen.dim(placeOf(source))}`
  return [
    `  ${pen.bold(hook)}  ${facts.join(", ")}${place}`,
    ...(outcome.message === null || status === "succeeded" ? [] : [`    ${outcome.message}`]),
    ...indented("stdout", outcome.stdout, pen),
    ...indented("stderr", outcome.stderr, pen),
    ...(outcome.output === null ? [] : [`    ${pen.dim("output |")} ${JSON.stringify(outcome.output)}`])
  ]
}

const endOf = ({ exitCode, signal }: OutcomeReport): ReadonlyArray<string> =>
  signal !== null ? [`ended by ${signal}`] : exitCode === null ? [] : [`exit code ${exitCode}`]

const placeOf = ({ file, line }: OutcomeReport["source"]) => `${shortPath(file!)}${line === null ? "" : `:${line}`}`

const indented = (stream: string, text: string, pen: Pen): ReadonlyArray<string> =>
  text.trim() === "" ? [] : linesOf(text).map((line) => `    ${pen.dim(`${stream} |`)} ${line}`)

const said = (report: FireReport, pen: Pen): ReadonlyArray<string> => {
  const { rewrite, halt, resume } = report
  return [
    ...report.reasons.flatMap(({ hook, text }) => labelled("reason", hook, text, pen)),
    ...(halt === null ? [] : labelled("halt", halt.hook, halt.reason, pen)),
    ...(resume === null ? [] : labelled("resume", resume.hook, resume.reason, pen)),
    ...(rewrite === null
      ? []
      : labelled("rewrite", rewrite.hook, `${rewrite.target} ${rewrite.mode} ${JSON.stringify(rewrite.value)}`, pen)),
    ...report.context.flatMap(({ hook, text }) => labelled("context", hook, text, pen)),
    ...report.notices.flatMap(({ hook, level, text }) =>
      labelled(level === "info" ? "notice" : level, hook, text, pen)
    ),
    ...report.losses.flatMap(({ hook, from, to, why }) => labelled("loss", hook, `${from} became ${to}: ${why}`, pen))
  ]
}

/** The first line names the hook; further lines of the text stand below it. */
const labelled = (label: string, hook: string, text: string, pen: Pen): ReadonlyArray<string> =>
  linesOf(text).map((line, index) =>
    index === 0 ? `  ${pen.bold(label)} ${pen.dim(`${hook}:`)} ${line}` : `    ${line}`
  )

const linesOf = (text: string) => {
  let end = text.length
  while (text[end - 1] === "\n") end--
  return text.slice(0, end).split("\n")
}
