/** Adds up what the hooks of a fire came to. Pure; the laws it keeps are in test/merge. */
import { type EventClass, type HookEvent, rewriteTargets } from "../event/Event.ts"
import type { Policy } from "../hook/Policy.ts"
import type { Notice, Output, Rewrite } from "../run/Outcome.ts"
import type { FireReport, Loss } from "./FireReport.ts"
import { join, permits, type Verdict } from "./Verdict.ts"

/** What one hook contributes, in definition order. */
export interface Contribution {
  readonly hook: string
  /** The position of its set among the sets of the fire. */
  readonly set: number
  readonly policy: Policy
  readonly output: Output
}

/** What the host can do with an answer. Absent: everything. */
export type HostCapability = "ask" | "defer" | "rewrite" | "context" | "resume"

export interface MergeOptions {
  readonly event: HookEvent
  /** What the host honours; absent: everything. */
  readonly host?: ReadonlyArray<HostCapability>
  /** Set where this turn was resumed as often as is allowed: why no hook may resume it again. */
  readonly resumeRefused?: string
  /** The host aborted the fire. Then nothing proceeds. Default: false. */
  readonly cancelled?: boolean
}

export type Merged = Pick<
  FireReport,
  "proceed" | "verdict" | "reasons" | "rewrite" | "context" | "notices" | "halt" | "resume" | "losses"
>

export const merge = (contributions: ReadonlyArray<Contribution>, options: MergeOptions): Merged => {
  const losses: Array<Loss> = []
  const honours = (capability: HostCapability) => options.host === undefined || options.host.includes(capability)
  const lose = (hook: string, from: string, to: string, why: string) => losses.push({ hook, from, to, why })

  const allowed = contributions.map((one) => ({ ...one, output: withinClass(one, options.event, lose) }))

  let verdict: Verdict = "abstain"
  for (const { hook, output } of allowed) {
    let asked = output.verdict ?? "abstain"
    if ((asked === "ask" || asked === "defer") && !honours(asked)) {
      lose(hook, asked, "deny", `the host cannot ${asked}`)
      asked = "deny"
    }
    verdict = join(verdict, asked)
  }

  const halting = allowed.find((one) => one.output.halt !== undefined)
  const halt =
    halting !== undefined
      ? { hook: halting.hook, reason: halting.output.halt! }
      : options.cancelled === true
        ? cancelledHalt
        : null

  const chosen = chooseRewrite(allowed, lose)
  let rewrite: FireReport["rewrite"] = null
  if (chosen !== null && !honours("rewrite")) {
    const gated = options.event.class === "gate"
    lose(chosen.hook, `rewrite ${chosen.rewrite.target}`, gated ? "deny" : "nothing", "the host cannot rewrite")
    if (gated) verdict = "deny"
  } else if (chosen !== null && verdict === "deny") {
    lose(chosen.hook, `rewrite ${chosen.rewrite.target}`, "nothing", "the verdict is deny")
  } else if (chosen !== null) {
    rewrite = { hook: chosen.hook, ...chosen.rewrite }
  }

  let context = allowed.flatMap(({ hook, output }) => (output.context ?? []).map((text) => ({ hook, text })))
  if (!honours("context")) {
    for (const { hook } of context) lose(hook, "context", "nothing", "the host cannot add context")
    context = []
  }

  const resuming = allowed.find((one) => one.output.resume !== undefined)
  let resume: FireReport["resume"] = null
  if (resuming !== undefined) {
    const refused =
      halt !== null ? `${halt.hook} halts` : honours("resume") ? options.resumeRefused : "the host cannot resume"
    if (refused === undefined) resume = { hook: resuming.hook, reason: resuming.output.resume! }
    else lose(resuming.hook, "resume", "nothing", refused)
  }

  return {
    proceed: halt === null && permits(verdict),
    verdict,
    reasons: allowed.flatMap(({ hook, output }) =>
      output.reason === undefined ? [] : [{ hook, text: output.reason }]
    ),
    rewrite,
    context,
    notices: allowed.flatMap(({ hook, output }) =>
      (output.notices ?? []).map((notice: Notice) => ({ hook, level: notice.level, text: notice.text }))
    ),
    halt,
    resume,
    losses
  }
}

/** The halt of a fire that its host aborted. */
export const cancelledHalt: NonNullable<FireReport["halt"]> = { hook: "host", reason: "the fire was cancelled" }

type Lose = (hook: string, from: string, to: string, why: string) => void

/** What the event's class lets a hook do, and a report can carry; the rest is a loss. */
const withinClass = ({ hook, output }: Contribution, event: HookEvent, lose: Lose): Output => {
  const { verdict, rewrite, resume, answer, ext, ...rest } = output
  let kept: Output = rest
  if (answer !== undefined) lose(hook, "answer", "nothing", "no report carries it")
  if (ext !== undefined) lose(hook, "ext", "nothing", "no report carries it")
  if (verdict !== undefined && verdict !== "abstain") {
    if (mayJudge(event.class)) kept = { ...kept, verdict }
    else lose(hook, verdict, "abstain", `${event.name} is no gate`)
  }
  if (rewrite !== undefined) {
    if (rewriteTargets(event).includes(rewrite.target)) kept = { ...kept, rewrite }
    else lose(hook, `rewrite ${rewrite.target}`, "nothing", `${event.name} has no ${rewrite.target} to rewrite`)
  }
  if (resume !== undefined) {
    if (event.class === "loop") kept = { ...kept, resume }
    else lose(hook, "resume", "nothing", `${event.name} does not end the agent's work`)
  }
  return kept
}

const mayJudge = (eventClass: EventClass) => eventClass === "gate"

/** Each set picks by its own strategy; of several sets' picks the last holds. */
const chooseRewrite = (
  contributions: ReadonlyArray<Contribution>,
  lose: Lose
): { readonly hook: string; readonly rewrite: Rewrite } | null => {
  let chosen: (Contribution & { readonly rewrite: Rewrite }) | null = null
  for (const one of contributions) {
    const { rewrite } = one.output
    if (rewrite === undefined) continue
    const keep: boolean = chosen !== null && chosen.set === one.set && one.policy.rewrite === "firstWins"
    const [winner, loser]: [string, Contribution | null] = keep ? [chosen!.hook, one] : [one.hook, chosen]
    if (loser !== null)
      lose(loser.hook, `rewrite ${loser.output.rewrite!.target}`, "nothing", `the rewrite of ${winner} holds`)
    if (!keep) chosen = { ...one, rewrite }
  }
  return chosen
}
