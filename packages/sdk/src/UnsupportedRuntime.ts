/** Something that the hooks need does not work on this runtime. */
import type { HookSet } from "@tenterhook/core"
import { selfCheck } from "@tenterhook/shell"
import { runtime } from "./runtime.ts"

/** Commands do not work here, so hooks that run them cannot hold anything back. */
export class UnsupportedRuntime extends Error {
  readonly _tag = "UnsupportedRuntime"
  override readonly name = "UnsupportedRuntime"
}

/**
 * Rejects with `UnsupportedRuntime` where these hooks run commands and commands do not work. Tests hold Node to it; any
 * other runtime has to pass a check, once in a process.
 */
export const checkRuntime = async (sets: ReadonlyArray<HookSet>): Promise<void> => {
  if (runtime.isNode || !sets.some(runsCommands)) return
  const why = await selfCheck()
  if (why !== null) throw new UnsupportedRuntime(`hooks cannot run commands on ${runtime.name}: ${why}`)
}

/** What an environment will configure is not known yet. */
const runsCommands = ({ hooks, at }: HookSet) =>
  at !== undefined || hooks.some(({ action, enabled }) => enabled && action.kind === "shell")
