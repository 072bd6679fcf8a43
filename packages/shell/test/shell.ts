/** What the tests of this package share: actions in short, and an adapter to run them on. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  Adapters,
  type AnyAdapter,
  FireId,
  hookName,
  type Invocation,
  type Reply,
  type ShellAction,
  textOf
} from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { ShellAdapter } from "../src/index.ts"

/** Registered with a registry of its own. */
export const shellLayer = (limits: Partial<ShellAdapter.Limits> = {}): Layer.Layer<Adapters> =>
  Layer.provideMerge(ShellAdapter.layerWith(limits), Layer.fresh(Adapters.layer))

export const shell: Effect.Effect<AnyAdapter, never, Adapters> = Adapters.use((adapters) =>
  Effect.orDie(adapters.get("shell"))
)

type More = Partial<Omit<ShellAction, "kind" | "run">>

/** A command line, or an argument list, with the host's environment and nothing on its stdin. */
export const action = (run: string | readonly [string, ...Array<string>], more: More = {}): ShellAction => ({
  kind: "shell",
  run: typeof run === "string" ? { command: run } : { argv: run },
  env: { base: "inherit", set: {} },
  stdin: "empty",
  mkdir: [],
  ...more
})

let fires = 0

/** Each has a fire of its own. */
export const invocation = (of: ShellAction, more: Partial<Invocation<ShellAction>> = {}): Invocation<ShellAction> => ({
  action: of,
  fireId: FireId.make(`fire-${process.pid}-${++fires}`),
  hook: hookName("test[0]"),
  ...more
})

/** Starts it and waits for its reply, in a scope that is closed then. */
export const run = Effect.fnUntraced(function* (of: ShellAction, more: Partial<Invocation<ShellAction>> = {}) {
  const adapter = yield* shell
  return said(yield* Effect.scoped(Effect.flatMap(adapter.start(invocation(of, more)), (running) => running.reply)))
})

export const said = (reply: Reply) => ({
  ...reply,
  output: textOf(reply.output),
  diagnostics: textOf(reply.diagnostics)
})

/** A fresh folder, removed with the scope. */
export const freshFolder = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "shell-test-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** A length of sleep that no other process has: its command line is how a test finds it again. */
export const uniqueSleep = (): string => `${400 + (++sleeps % 100)}.${String(process.pid).padStart(7, "0")}${sleeps}`
let sleeps = 0

/** Numbers of the living processes (no zombies) with this text in their arguments. */
export const withArgument = (text: string): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      if (/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) return []
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text) ? [Number(pid)] : []
    } catch {
      return []
    }
  })

/** Waits until it holds, at most so long as only a wrong answer takes: sleeps of these tests are ten times longer. */
export const eventually = Effect.fnUntraced(function* (holds: () => boolean) {
  const deadline = performance.now() + farTooLateMs
  while (!holds() && performance.now() < deadline)
    yield* Effect.promise(() => new Promise((done) => setTimeout(done, 10)))
  return holds()
})

/** What waits for a sleep of these tests takes longer, and what does not is over long before, on any machine. */
export const farTooLateMs = 40_000

export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const startedAt = performance.now()
    return Effect.map(effect, (value) => ({ value, ms: performance.now() - startedAt }))
  })

export const killAll = (pids: ReadonlyArray<number>) => pids.forEach((pid) => process.kill(pid, "SIGKILL"))
