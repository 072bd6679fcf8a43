/** Fills in a hook's action without executing it, to see which program it would start and what it misses. */
import { type Dialect, type EventContext, FireId, type Hook, ShellAction, classOf } from "@tenterhook/core"
import { Cause, Effect, Exit, Schema } from "effect"
import { currentFolder } from "../currentFolder.ts"
import type { Trial } from "./Finding.ts"

export const tryOut = (hook: Hook, dialect: Dialect, mode: string): Trial => {
  const name = hook.events === "*" ? "pre_tool_use" : hook.events[0]
  if (name === undefined) return { _tag: "other" }
  const cwd = currentFolder()
  const fire = {
    fireId: FireId.make("check"),
    event: { name, class: classOf(name) },
    context: contextFor(hook, cwd),
    mode
  }
  const exit = Effect.runSyncExit(dialect.encode(hook, fire))
  if (Exit.isFailure(exit)) {
    const error = Cause.squash(exit.cause)
    return { _tag: "refused", text: error instanceof Error ? error.message : String(error) }
  }
  const { action } = exit.value
  return isShell(action) ? { _tag: "command", action, cwd: action.cwd ?? cwd } : { _tag: "other" }
}

const isShell = Schema.is(ShellAction)

/** Everything that a host could know has a value; folders are the one that the command line would give. */
const contextFor = (hook: Hook, cwd: string): EventContext =>
  ({
    ...Object.fromEntries(texts.map((key) => [key, "check"])),
    ...Object.fromEntries(unknowns.map((key) => [key, anything])),
    cwd,
    projectDir: cwd,
    env: process.env,
    agent: { id: "check", type: "check", parentId: "check" },
    host: { name: "check", version: "check" },
    task: {
      id: "check",
      name: "check",
      dir: cwd,
      workspaceDir: cwd,
      repoDir: cwd,
      artifactsDir: cwd,
      repoUrl: "check",
      branch: "check"
    },
    tool: {
      name: hook.matcher?.literals?.[0] ?? "check",
      nativeName: "check",
      callId: "check",
      input: anything,
      mcp: { server: "check", tool: "check" }
    },
    result: { output: anything, error: anything, durationMs: 0 },
    tools: [],
    extra: {}
  }) as EventContext

const keys = <const Keys extends ReadonlyArray<keyof EventContext>>(...keys: Keys) => keys

const texts = [
  ...keys(
    "sessionId",
    "rootSessionId",
    "executionId",
    "threadId",
    "turnId",
    "model",
    "permissionMode",
    "transcriptPath"
  ),
  ...keys(
    "source",
    "reason",
    "prompt",
    "lastMessage",
    "trigger",
    "instructions",
    "summary",
    "kind",
    "title",
    "message"
  ),
  ...keys("filePath", "change", "from", "to", "outcome", "resultsPath", "status")
]

const unknowns = keys("request", "response", "suggestions", "error", "input", "output", "budget", "results")

/** A value that has every part that is asked for. */
const anything: unknown = new Proxy(
  {},
  {
    get: (_, key) => (typeof key === "symbol" || key === "toJSON" ? undefined : anything),
    has: () => true,
    getOwnPropertyDescriptor: () => ({ value: anything, writable: true, enumerable: true, configurable: true })
  }
)
