/** What `explain` tells people: for each config its policy, then the hooks that run in their order, then why the others do not. */
import type { Explanation, HookExplanation, SetExplanation } from "@tenterhook/core"
import { formatDuration } from "../duration.ts"
import type { Pen } from "../terminal/Terminal.ts"
import { shortPath } from "./shortPath.ts"

export const formatExplanation = (explanation: Explanation, pen: Pen): string => {
  const { event, sets } = explanation
  const hooks = sets.flatMap((set) => set.hooks)
  const runs = hooks.filter((hook) => hook.runs).length
  const counts = `${runs} of ${hooks.length} ${hooks.length === 1 ? "hook runs" : "hooks run"}`
  return [`${pen.bold(event)} (${explanation.class}): ${counts}`, ...sets.map((set) => formatSet(set, pen))].join(
    "\n\n"
  )
}

const formatSet = (set: SetExplanation, pen: Pen): string => {
  const running = set.hooks.filter((hook) => hook.runs).toSorted((a, b) => a.order! - b.order!)
  const others = set.hooks.filter((hook) => !hook.runs)
  return [
    `${pen.bold(set.file === null ? `(${set.dialect})` : shortPath(set.file))}: ${set.dialect}, ${set.mode}; trust: ${set.trust}`,
    `  policy: ${policyWords(set)}`,
    ...running.flatMap((hook) => formatRunning(hook, pen)),
    ...others.map((hook) => `  ${pen.dim("-")}  ${hook.hook}  ${pen.dim(placeOf(hook))}  does not run: ${hook.why}`),
    ...(set.hooks.length === 0 ? ["  it has no hooks"] : [])
  ].join("\n")
}

const formatRunning = (hook: HookExplanation, pen: Pen): ReadonlyArray<string> => [
  `  ${pen.good(`${hook.order}.`)} ${pen.bold(hook.hook)}  ${pen.dim(placeOf(hook))}  runs: ${hook.why}`,
  `     ${hook.adapter}: ${firstLine(hook.does)}`,
  ...(hook.startsIn === null ? [] : [`     in ${hook.startsIn}`]),
  ...(hook.condition === null ? [] : [`     when ${hook.condition}`]),
  `     deadline ${deadlineWords(hook.timeoutMs)}; if it fails: ${failureWords(hook.onFailure)}`
]

const policyWords = ({ policy }: SetExplanation) => {
  const halting = {
    never: "every hook runs",
    decisive: "a decisive answer ends the run",
    failure: "a failure ends the run"
  }
  const rewrite = { lastInOrder: "the last rewrite holds", firstWins: "the first rewrite holds" }
  const dedupe = policy.dedupe === "action" ? ["the same action runs once"] : []
  return [
    policy.order === "parallel" ? "all at once" : "one after the other",
    halting[policy.halting],
    rewrite[policy.rewrite],
    ...dedupe
  ].join(", ")
}

export const placeOf = ({ source }: Pick<HookExplanation, "source">): string =>
  source.file === null
    ? "(given without a file)"
    : `${shortPath(source.file)}${source.line === null ? "" : `:${source.line}`}`

export const deadlineWords = (timeoutMs: number | null) => (timeoutMs === null ? "none" : formatDuration(timeoutMs))

export const failureWords = (onFailure: HookExplanation["onFailure"]) =>
  onFailure === "block" ? "block (deny)" : "continue"

export const firstLine = (text: string): string => {
  const [line = "", ...more] = text.split("\n")
  return more.length === 0 ? line : `${line} …`
}
