/** For a tool whose name no hook is for, although one is for a name that differs only in case. */
import type { EventContext, FireReport } from "@tenterhook/core"
import type { AnyHooks } from "@tenterhook/sdk"

/** Null where there is no such hook. Asks the hooks only where a name could be meant otherwise. */
export const toolHint = async (
  hooks: AnyHooks,
  event: string,
  context: EventContext,
  { outcomes }: FireReport
): Promise<string | null> => {
  const name = context.tool?.name
  if (name === undefined || (outcomes.length > 0 && !/[A-Z]/.test(name))) return null
  const { sets } = await hooks.explain(event, context)
  const first = sets.flatMap((set) => set.hooks).find(({ nearTool }) => nearTool !== null)
  if (first === undefined) return null
  const meant = name === name.toLowerCase() ? `tool: ${name} in the config` : `tool.name=${first.nearTool}`
  return `${first.hook} is for the tool "${first.nearTool}", not for "${name}"; did you mean ${meant}?`
}
