/** The report: the one contract of the command line's `--json`, the server and the SDK. */
import { Schema } from "effect"
import { Verdict } from "./Verdict.ts"

const Text = Schema.Struct({ hook: Schema.String, text: Schema.String })
const Reason = Schema.Struct({ hook: Schema.String, reason: Schema.String })
const nullOr = Schema.NullOr

export const OutcomeReport = Schema.Struct({
  hook: Schema.String,
  index: Schema.Int,
  dialect: Schema.String,
  source: Schema.Struct({ file: nullOr(Schema.String), line: nullOr(Schema.Int) }),
  adapter: Schema.String,
  status: Schema.Literals(["succeeded", "failed", "skipped"]),
  /** The failure or skip reason. */
  reason: nullOr(Schema.String),
  /** The dialect's own log line or text for it. */
  message: nullOr(Schema.String),
  /** What the hook asked for; of a failed one, what its `onFailure` contributed. */
  verdict: Verdict,
  exitCode: nullOr(Schema.Int),
  signal: nullOr(Schema.String),
  timedOut: Schema.Boolean,
  stdout: Schema.String,
  stderr: Schema.String,
  truncated: Schema.Boolean,
  /** Processes it left running when it exited by itself. */
  leftRunning: Schema.Int,
  /** The structured value of a tool or function. */
  output: Schema.Unknown,
  durationMs: Schema.Finite
})
export type OutcomeReport = typeof OutcomeReport.Type

export const FireReport = Schema.Struct({
  fireId: Schema.String,
  /** The canonical name. */
  event: Schema.String,
  /** Null where several differ, or none answered. */
  dialect: nullOr(Schema.String),
  /** False exactly when `halt` is set or the verdict is ask, defer or deny. */
  proceed: Schema.Boolean,
  verdict: Verdict,
  reasons: Schema.Array(Text),
  rewrite: nullOr(
    Schema.Struct({
      hook: Schema.String,
      target: Schema.Literals(["input", "output", "prompt", "response"]),
      mode: Schema.Literals(["replace", "patch"]),
      value: Schema.Unknown
    })
  ),
  context: Schema.Array(Text),
  notices: Schema.Array(
    Schema.Struct({ hook: Schema.String, level: Schema.Literals(["info", "warn", "error"]), text: Schema.String })
  ),
  halt: nullOr(Reason),
  resume: nullOr(Reason),
  /** What was asked for and not kept: by which hook, from what to what, and why. */
  losses: Schema.Array(
    Schema.Struct({ hook: Schema.String, from: Schema.String, to: Schema.String, why: Schema.String })
  ),
  /** The hooks that fit and are enabled, in definition order: those that ran, and those skipped. */
  outcomes: Schema.Array(OutcomeReport)
}).annotate({ identifier: "FireReport" })
export type FireReport = typeof FireReport.Type

export type Loss = FireReport["losses"][number]
