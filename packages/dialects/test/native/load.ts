/** Loads native configs in tests. */
import type { ConfigError, HookSet } from "@tenterhook/core"
import { Effect } from "effect"
import { native } from "../../src/index.ts"

const options = { mode: "documented", adapters: [] }

export const loadText = (text: string, file = "tenterhook.yaml", lenient = false) =>
  native.load({ _tag: "text", file, folder: "/project", text }, { ...options, lenient })

export const loadHooks = (hooks: unknown) => native.load({ _tag: "value", value: hooks, folder: "/project" }, options)

/** The messages of a refused config. */
export const problemsOf = (loading: Effect.Effect<HookSet, ConfigError>) =>
  Effect.map(Effect.flip(loading), (error) => error.message.split("\n"))

export const noticesOf = (loading: Effect.Effect<HookSet, ConfigError>) =>
  Effect.map(loading, (set) => set.notices.map((notice) => notice.text))
