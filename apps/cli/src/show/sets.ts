/** Hook sets as `list` prints them. */
import { describeAction, type Hook, type HookSet } from "@tenterhook/core"
import { currentFolder } from "../currentFolder.ts"
import type { Pen } from "../terminal/Terminal.ts"
import { deadlineWords, failureWords, firstLine, placeOf } from "./explanation.ts"
import { shortPath } from "./shortPath.ts"

/** A set as it is now; one that is configured by environment reads this process's. */
export const current = (set: HookSet): HookSet =>
  set.at?.({ cwd: currentFolder(), env: process.env as Readonly<Record<string, string>> }) ?? set

export const setsOf = (sets: ReadonlyArray<HookSet>) =>
  sets.map(current).map((set) => ({
    dialect: set.dialect,
    mode: set.mode,
    file: set.file,
    trust: set.trust._tag,
    policy: set.policy,
    hooks: set.hooks.map(listed)
  }))

export type ListedSet = ReturnType<typeof setsOf>[number]

const listed = (hook: Hook) => ({
  hook: hook.name,
  index: hook.index,
  source: hook.source,
  on: hook.nativeEvent,
  events: hook.events,
  matcher: hook.matcher?.text ?? null,
  condition: hook.condition?.text ?? null,
  adapter: hook.action.kind,
  does: describeAction(hook.action),
  timeoutMs: Number.isFinite(hook.timeoutMs) ? hook.timeoutMs : null,
  onFailure: hook.onFailure,
  enabled: hook.enabled
})

export const formatSets = (sets: ReadonlyArray<ListedSet>, pen: Pen): string =>
  sets.map((set) => formatSet(set, pen)).join("\n\n")

const formatSet = (set: ListedSet, pen: Pen): string =>
  [
    `${pen.bold(set.file === null ? `(${set.dialect})` : shortPath(set.file))}: ${set.dialect}, ${set.mode}`,
    ...set.hooks.flatMap((hook) => [
      `  ${pen.bold(hook.hook)}  ${pen.dim(placeOf(hook))}${hook.enabled ? "" : `  ${pen.doubtful("disabled")}`}`,
      `    on ${[hook.on, ...(hook.matcher === null ? [] : [`matcher ${hook.matcher}`]), ...(hook.condition === null ? [] : [`when ${hook.condition}`])].join(", ")}`,
      `    ${hook.adapter}: ${firstLine(hook.does)}`,
      `    deadline ${deadlineWords(hook.timeoutMs)}; if it fails: ${failureWords(hook.onFailure)}`
    ]),
    ...(set.hooks.length === 0 ? ["  it has no hooks"] : [])
  ].join("\n")
