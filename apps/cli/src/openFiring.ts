/** The hooks that `fire` and `exec` run, here or on a server, and what a person sees of them meanwhile. */
import type { AnyHooks } from "@tenterhook/sdk"
import { deliverLeft } from "./deliverLeft.ts"
import type { ConfigFlags } from "./flags.ts"
import { type OutboxFlags, outboxOptions, type ToolFlags, toolOptions } from "./hostFlags.ts"
import { logJournal } from "./Journal.ts"
import { openHooks } from "./openHooks.ts"
import { openServerHooks, type ServerFlags } from "./serverFlags.ts"
import type { Words } from "./terminal/Words.ts"
import { watchProgress } from "./watchProgress.ts"

export interface Firing {
  readonly hooks: AnyHooks
  readonly hideProgress: () => void
  /** Gives what was announced here some time to arrive. A server delivers by itself. */
  readonly deliver: (signal?: AbortSignal) => Promise<void>
}

export const openFiring = async (
  flags: ConfigFlags & ToolFlags & OutboxFlags & ServerFlags,
  words: Words
): Promise<Firing> => {
  const there = await openServerHooks(flags)
  if (there !== null) return { hooks: there, hideProgress: () => {}, deliver: async () => {} }
  const hooks = await openHooks(flags, words, { ...(await toolOptions(flags)), ...(await outboxOptions(flags)) })
  logJournal(hooks, words)
  return {
    hooks,
    hideProgress: watchProgress(hooks, words),
    deliver: (signal) => deliverLeft(hooks, words, signal)
  }
}
