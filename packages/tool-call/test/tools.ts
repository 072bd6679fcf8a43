/** What the tests of this package share: an adapter on a toolkit, calls in short, and a look at the machine's processes. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Adapters, type AnyAdapter, FireId, hookName, type Reply, textOf } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { ToolAdapter, type ToolkitOptions } from "../src/index.ts"

/** Registered with a registry of its own. */
export const toolLayer = (options: ToolkitOptions): Layer.Layer<Adapters> =>
  Layer.provideMerge(Layer.orDie(ToolAdapter.layerWith(options)), Layer.fresh(Adapters.layer))

export const adapter: Effect.Effect<AnyAdapter, never, Adapters> = Adapters.use((adapters) =>
  Effect.orDie(adapters.get("tool"))
)

export const begin = Effect.fnUntraced(function* (name: string, args: Record<string, unknown> = {}) {
  const tools = yield* adapter
  return yield* tools.start({
    action: { kind: "tool", name, args },
    fireId: FireId.make("fire"),
    hook: hookName("test[0]")
  })
})

/** Calls it and waits for its end: what it said, or `reason: message`. */
export const call = (name: string, args: Record<string, unknown> = {}) =>
  Effect.scoped(Effect.flatMap(begin(name, args), (running) => running.reply)).pipe(
    Effect.match({ onFailure: (error) => `${error.reason._tag}: ${error.reason.message}`, onSuccess: said })
  )

/** Calls it and gives up after so long, as the engine does at a deadline. */
export const callFor = (ms: number, name: string, args: Record<string, unknown> = {}) =>
  Effect.scoped(
    Effect.gen(function* () {
      const running = yield* begin(name, args)
      yield* Effect.raceFirst(Effect.ignore(running.reply), pause(ms))
      return said(yield* running.stop("timeout"))
    })
  )

export const said = (reply: Reply) => ({ value: reply.value, output: textOf(reply.output), truncated: reply.truncated })

/** The server of `fixtures`, with this in its environment. */
export const byHand = (env: Record<string, string> = {}) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL("fixtures/server.ts", import.meta.url))],
  env
})

/** A fresh folder, removed with the scope. */
export const freshFolder = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "tool-call-test-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** A word that only the processes of one test have in their environment. */
export const uniqueMark = () => `tool-call-test-${process.pid}-${++marks}-${Date.now()}`
let marks = 0

/** Numbers of the living processes (no zombies) with this text in their environment. */
export const withMark = (mark: string): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark) ? [Number(pid)] : []
    } catch {
      return []
    }
  })

export const pause = (ms: number) => Effect.promise(() => new Promise((done) => setTimeout(done, ms)))

/** Waits until it holds, for a time that is long for any machine; what it says then. */
export const eventually = Effect.fnUntraced(function* (holds: () => boolean) {
  const deadline = performance.now() + 60_000
  while (!holds() && performance.now() < deadline) yield* pause(10)
  return holds()
})
