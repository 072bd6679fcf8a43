/** The policies of a native config: one for all events, and those of single events on top of it. */
import { defaultPolicy, type EventName, isEventName, type Policy } from "@tenterhook/core"
import { type ConfigPath, problemAt } from "../config/Document.ts"
import type { HeaderConfig, PolicyConfig } from "./Config.ts"
import { type Findings, noteUnknown } from "./Findings.ts"
import { unknownEvent } from "./foreignWords.ts"

export interface Policies {
  readonly policy: Policy
  readonly policies?: Readonly<Partial<Record<EventName, Policy>>>
}

export const policiesOf = ({ policy: all, policies: single }: HeaderConfig, findings: Findings): Policies => {
  const policy = { ...defaultPolicy, ...all }
  checkHalting(policy, all, ["policy"], findings)
  if (single === undefined) return { policy }
  const policies: Partial<Record<EventName, Policy>> = {}
  for (const [event, of] of Object.entries(single)) {
    const path = ["policies", event]
    if (!isEventName(event)) {
      noteUnknown(findings, path, unknownEvent(event), "key")
      continue
    }
    const own = { ...policy, ...of }
    if (of.order !== undefined || of.halting !== undefined) checkHalting(own, of, path, findings)
    policies[event] = own
  }
  return { policy, policies }
}

/** Hooks in parallel have all started before one of them ends, so nothing is left that could be halted. */
const checkHalting = (
  { order, halting }: Policy,
  written: PolicyConfig | undefined,
  path: ConfigPath,
  { document, problems }: Findings
): void => {
  if (order !== "parallel" || halting === "never") return
  const at = written?.halting === undefined ? [...path, "order"] : [...path, "halting"]
  const text = `halting: ${halting} needs order: sequential; in parallel all hooks start at once. Write halting: never, or order: sequential`
  problems.push(problemAt(document, at, text))
}
