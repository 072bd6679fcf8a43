/** The report: the one contract of the command line's `--json`, the server and the SDK. `tenterhook schema report` prints it. */
import { Schema } from "effect"
import { Verdict } from "./Verdict.ts"

const described = <S extends Schema.Top>(schema: S, description: string): S["Rebuild"] =>
  schema.annotate({ description })
const anything = (description: string) => Schema.Unknown.annotateKey({ description })
const text = (description: string) => described(Schema.String, description)
const nullOr = <S extends Schema.Top>(schema: S, description: string) => described(Schema.NullOr(schema), description)

const hook = text("Name of the hook")
const Text = Schema.Struct({ hook, text: text("What it says") })
const Reason = Schema.Struct({ hook, reason: text("Why") })

export const OutcomeReport = Schema.Struct({
  hook,
  index: described(Schema.Int, "Its number among the hooks of the same event in its config"),
  dialect: text("Dialect of its config, e.g. native"),
  source: described(
    Schema.Struct({
      file: nullOr(Schema.String, "The config; null where the hook was given in code or by environment"),
      line: nullOr(Schema.Int, "Line of the config where the hook is written; null where there is no text")
    }),
    "Where the hook is written"
  ),
  adapter: text("Kind of the adapter that ran it, e.g. shell"),
  status: described(Schema.Literals(["succeeded", "failed", "skipped"]), "How it ended"),
  reason: nullOr(Schema.String, "Why it failed or was skipped, e.g. exit, timeout or missing"),
  message: nullOr(Schema.String, "The dialect's own log line or text for it"),
  verdict: described(Verdict, "What the hook asked for; of a failed one, what its onFailure contributed"),
  exitCode: nullOr(Schema.Int, "Exit code; null where a signal came first or there was no process"),
  signal: nullOr(Schema.String, "Signal that ended its process"),
  timedOut: described(Schema.Boolean, "Whether it was ended at its deadline"),
  stdout: text("What it wrote to stdout"),
  stderr: text("What it wrote to stderr"),
  truncated: described(Schema.Boolean, "Whether it wrote more than is kept"),
  leftRunning: described(Schema.Int, "Processes that it left running when it exited by itself"),
  output: anything("The structured value of a tool or function"),
  durationMs: described(Schema.Finite, "How long it took, in milliseconds")
})
export type OutcomeReport = typeof OutcomeReport.Type

export const FireReport = Schema.Struct({
  fireId: text("Id of this fire"),
  event: text("Canonical name of the event, or <namespace>:<name>"),
  dialect: nullOr(Schema.String, "Dialect of the configs; null where several differ, or none answered"),
  proceed: described(
    Schema.Boolean,
    "Whether the host goes on: false exactly when halt is set or the verdict is ask, defer or deny"
  ),
  verdict: described(Verdict, "The strongest verdict of all hooks"),
  reasons: described(Schema.Array(Text), "Reasons of the hooks for their verdicts, in definition order"),
  rewrite: nullOr(
    Schema.Struct({
      hook,
      target: described(Schema.Literals(["input", "output", "prompt", "response"]), "What is replaced"),
      mode: described(Schema.Literals(["replace", "patch"]), "Whether the value replaces the whole, or only its keys"),
      value: anything("The new value")
    }),
    "The rewrite that the host applies"
  ),
  context: described(Schema.Array(Text), "Texts for the agent"),
  notices: described(
    Schema.Array(
      Schema.Struct({
        hook,
        level: described(Schema.Literals(["info", "warn", "error"]), "How much it matters"),
        text: text("What it says")
      })
    ),
    "Texts for people"
  ),
  halt: nullOr(Reason, "Why the agent stops altogether"),
  resume: nullOr(Reason, "Why the agent goes on working"),
  losses: described(
    Schema.Array(
      Schema.Struct({
        hook,
        from: text("What the hook asked for"),
        to: text("What became of it"),
        why: text("Why it was not kept")
      })
    ),
    "What hooks asked for and did not get"
  ),
  outcomes: described(
    Schema.Array(OutcomeReport),
    "The hooks that fit and are enabled, in definition order: those that ran, and those that were skipped"
  )
}).annotate({
  identifier: "FireReport",
  description: "What the hooks of one fire came to: whether the host goes on, and what each hook said."
})
export type FireReport = typeof FireReport.Type

export type Loss = FireReport["losses"][number]
