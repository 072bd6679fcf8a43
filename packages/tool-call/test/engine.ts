/** An engine whose hooks are tool calls, written as data: no dialect of a product is needed to see them run. */
import {
  type Decoded,
  defaultPolicy,
  type Dialect,
  Dialects,
  Engine,
  failedWith,
  type Hook,
  hookName,
  Journal,
  named,
  skipped,
  succeeded,
  type ToolAction
} from "@tenterhook/core"
import { Effect, Layer } from "effect"
import type { ToolkitOptions } from "../src/index.ts"
import { toolLayer } from "./tools.ts"

const plain: Dialect = {
  id: "plain",
  title: "Plain, for tests",
  modes: ["documented"],
  events: {},
  discover: () => Effect.succeed([]),
  recognizes: () => false,
  load: () => Effect.die("not loaded from text"),
  encode: (hook) => Effect.succeed({ action: hook.action }),
  decode: (_hook, _fire, end): Decoded => {
    if (end._tag === "reply") return { outcome: succeeded(), decisive: false }
    return end.reason === "unavailable"
      ? { outcome: skipped("unavailable"), decisive: false, message: end.message }
      : failedWith(end.reason, end.message)
  }
}

export interface Call {
  readonly name: string
  readonly args?: Record<string, unknown>
  readonly timeoutMs?: number
}

/** Runs the calls as the hooks of one `execution_start`, in their order. */
export const engineWith = (calls: ReadonlyArray<Call>, tools: ToolkitOptions) => {
  const hooks = calls.map(({ name, args = {}, timeoutMs = 60_000 }, index): Hook<ToolAction> => ({
    name: hookName(`execution_start[${index}]`),
    index,
    events: ["execution_start"],
    nativeEvent: "execution_start",
    action: { kind: "tool", name, args },
    timeoutMs,
    onFailure: "continue",
    enabled: true,
    source: { file: null, line: null }
  }))
  const set = {
    dialect: "plain",
    mode: "documented",
    file: null,
    hooks,
    policy: defaultPolicy,
    trust: named,
    notices: []
  }
  return Engine.layer([set]).pipe(
    Layer.provide(Layer.mergeAll(toolLayer(tools), Journal.layer, Dialects.layer([plain])))
  )
}
