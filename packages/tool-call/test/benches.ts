/** The benches of the contract: a function of this process, and a tool on an MCP server that is another process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Bench, type Behaviour, type Capabilities } from "@tenterhook/conformance"
import type { Adapters, ToolAction } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { defaultLimits, type ToolDefinition } from "../src/index.ts"
import { byHand, eventually, toolLayer } from "./tools.ts"

const capabilities: Capabilities = {
  speaks: "output",
  partial: false,
  status: false,
  diagnostics: false,
  outputLimitBytes: defaultLimits.outputBytes,
  payload: false,
  missing: true,
  stubborn: false,
  dies: "tool",
  leaves: false
}

const action = (behaviour: Behaviour): ToolAction => {
  const name: Partial<Record<Behaviour["_tag"], string>> = {
    Missing: "nowhere",
    Hangs: "hangs",
    Floods: "floods",
    Dies: "dies"
  }
  return { kind: "tool", name: name[behaviour._tag] ?? "replies", args: { ...behaviour } }
}

export const inProcess: Layer.Layer<Adapters | Bench> = Layer.unwrap(
  Effect.sync(() => {
    const state = { alive: 0, begun: 0, spoken: false }
    const tool = (name: string, run: ToolDefinition["run"]): ToolDefinition => ({
      name,
      run: (input, call) => {
        state.begun++
        return run(input, call)
      }
    })
    const tools = [
      tool("replies", async ({ saying }) => saying),
      tool("floods", ({ bytes, head, tail }) => head + "-".repeat(bytes - head.length - tail.length) + tail),
      tool("dies", () => {
        throw new Error("disk full")
      }),
      tool("hangs", (_, { signal }) => {
        state.alive++
        state.spoken = true
        return new Promise((_done, fail) => {
          signal.addEventListener("abort", () => {
            state.alive--
            fail(new Error("aborted"))
          })
        })
      })
    ]
    const bench = Bench.of({
      kind: "tool",
      capabilities,
      arrange: (behaviour) => Effect.sync(() => action(behaviour)),
      alive: Effect.sync(() => state.alive),
      begun: Effect.sync(() => state.begun),
      spoken: Effect.asVoid(eventually(() => state.spoken))
    })
    return Layer.merge(toolLayer({ tools }), Layer.succeed(Bench, bench))
  })
)

export const onServer: Layer.Layer<Adapters | Bench> = Layer.unwrap(
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "tool-call-contract-"))),
      (it) => Effect.sync(() => rmSync(it, { recursive: true, force: true }))
    )
    const notes = join(folder, "notes")
    writeFileSync(notes, "")
    const count = (word: RegExp) => readFileSync(notes, "utf8").match(word)?.length ?? 0
    const bench = Bench.of({
      kind: "tool",
      capabilities: { ...capabilities, dies: "transport" },
      arrange: (behaviour) => Effect.sync(() => action(behaviour)),
      alive: Effect.sync(() => count(/^spoken$/gm) - count(/^cancelled$/gm)),
      begun: Effect.sync(() => count(/^begun /gm)),
      spoken: Effect.asVoid(eventually(() => count(/^spoken$/gm) > 0))
    })
    return Layer.merge(toolLayer({ servers: { hand: byHand({ NOTES: notes }) } }), Layer.succeed(Bench, bench))
  })
)
