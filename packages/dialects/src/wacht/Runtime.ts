/** What Wacht adds to a step's input, and repeats in its events: who and which run. */
import type { EventContext, Fire } from "@tenterhook/core"
import type { WachtHook } from "./Config.ts"

/** The input that the tool receives: the configured args with the reserved `_runtime` put over them. */
export const inputOf = (hook: WachtHook, fire: Fire): Record<string, unknown> => {
  const runtime = { ...runIds(fire.context), board_item_id: idOf(fire.context.extra?.["board_item_id"]) }
  const reason = hook.ext.phase === "on_budget_exhausted" ? { reason: reasonOf(fire.context) } : {}
  return { ...hook.action.args, _runtime: { ...runtime, ...reason } }
}

/** Texts; null where the host does not know them. */
export const runIds = (context: EventContext) => ({
  agent_id: context.agent?.id ?? null,
  deployment_id: idOf(context.extra?.["deployment_id"]),
  thread_id: context.threadId ?? null,
  execution_run_id: context.executionId ?? null
})

/** A number is a text, too; what is neither is no id. */
const idOf = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : null

const reasonOf = ({ reason, budget }: EventContext): unknown => reason ?? budget ?? null
