/** How actions end, in every way that decode has to judge; and whether what it says of it is well-formed. */
import {
  type Decoded,
  type Dialect,
  emptyReply,
  type End,
  type Hook,
  type OutcomeReport,
  type Reply,
  verdicts,
  failureReasons,
  skipReasons
} from "@tenterhook/core"
import { type Chance, damagedText, junkBytes, junkValues } from "./Chance.ts"

/** Replies of every kind, and every failure with and without something said. */
export const ends = (outputs: ReadonlyArray<string>, luck: Chance): ReadonlyArray<End> => {
  const said = [...outputs, ...outputs.map((output) => damagedText(output, luck))].map((output) => Buffer.from(output))
  const replies = [...junkBytes, ...said].flatMap((output) => [
    reply({ status: 0, output }),
    reply({ status: luck.pick([1, 2, 126, 127, 255, 404, 500]), output, diagnostics: luck.pick(junkBytes) }),
    reply({ status: null, signal: luck.pick(["SIGKILL", "SIGSEGV"]), output }),
    reply({ status: 0, output, truncated: true, leftRunning: 1 })
  ])
  const values = junkValues.map((junk) => reply({ value: junk() }))
  const failures = failureReasons.flatMap((reason) =>
    [emptyReply, luck.pick(replies)].map((it): End => ({
      _tag: "failure",
      reason,
      message: `it failed: ${reason}`,
      reply: it
    }))
  )
  return [...[...replies, ...values].map((it): End => ({ _tag: "reply", ...it })), ...failures]
}

/** What is wrong with the shape of an outcome; null where nothing is. */
export const malformed = ({ outcome, decisive, message, exitCode, stdout, stderr }: Decoded): string | null => {
  const texts = [message, stdout, stderr].every((text) => text === undefined || typeof text === "string")
  if (!texts) return "a message, stdout or stderr that is no text"
  if (typeof decisive !== "boolean") return "decisive, which is neither true nor false"
  if (exitCode !== undefined && !Number.isInteger(exitCode)) return "an exit code that is no whole number"
  if (outcome.status === "failed") return failureReasons.includes(outcome.reason) ? null : "an unknown failure reason"
  if (outcome.status === "skipped") return skipReasons.includes(outcome.reason) ? null : "an unknown skip reason"
  if (outcome.status !== "succeeded") return "an unknown status"
  const { verdict, reason, rewrite, context = [], notices = [], halt, resume } = outcome.output
  if (verdict !== undefined && !verdicts.includes(verdict)) return "an unknown verdict"
  if (![reason, halt, resume].every((text) => text === undefined || typeof text === "string"))
    return "a reason, halt or resume that is no text"
  if (!context.every((text) => typeof text === "string")) return "context that is no text"
  if (!notices.every(({ level, text }) => levels.includes(level) && typeof text === "string"))
    return "a notice without level and text"
  if (rewrite !== undefined && !(targets.includes(rewrite.target) && ["replace", "patch"].includes(rewrite.mode)))
    return "a rewrite with an unknown target or mode"
  return null
}

export const outcomeReport = (dialect: Dialect, hook: Hook, status: OutcomeReport["status"]): OutcomeReport => ({
  hook: hook.name,
  index: hook.index,
  dialect: dialect.id,
  source: hook.source,
  adapter: hook.action.kind,
  status,
  reason: status === "succeeded" ? null : status === "failed" ? "timeout" : "unavailable",
  message: null,
  verdict: "abstain",
  exitCode: null,
  signal: null,
  timedOut: false,
  stdout: "",
  stderr: "",
  truncated: false,
  leftRunning: 0,
  output: null,
  durationMs: 1
})

export const reply = (parts: Partial<Reply>): Reply => ({ ...emptyReply, ...parts })

const levels: ReadonlyArray<string> = ["info", "warn", "error"]

const targets: ReadonlyArray<string> = ["input", "output", "prompt", "response"]
