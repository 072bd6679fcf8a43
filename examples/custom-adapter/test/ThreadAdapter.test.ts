import { createHooks } from "@tenterhook/sdk"
import { Adapters } from "@tenterhook/core"
import { Bench } from "@tenterhook/conformance"
import { suite } from "@tenterhook/conformance/vitest"
import { Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { join } from "node:path"
import * as ThreadAdapter from "../src/ThreadAdapter.ts"
import { makeBench } from "./ThreadBench.ts"

suite(
  "thread",
  Layer.merge(ThreadAdapter.layer, Layer.effect(Bench, Effect.sync(makeBench))).pipe(
    Layer.provideMerge(Layer.fresh(Adapters.layer))
  )
)

describe("a config", () => {
  it("names the adapter by its kind", async () => {
    const module = join(import.meta.dirname, "../guard.mjs")
    const entry = { on: "pre_tool_use", action: { kind: "thread", module } }
    await using hooks = await createHooks({ hooks: [entry], adapters: [ThreadAdapter.adapter] })
    const report = await hooks.fire("pre_tool_use", { tool: { name: "bash", input: { command: "rm -rf /" } } })
    assert.deepInclude(report, { proceed: false, verdict: "deny" })
    assert.deepInclude(report.outcomes[0], { adapter: "thread", status: "succeeded", exitCode: 0 })
    assert.isTrue((await hooks.fire("pre_tool_use", { tool: { name: "bash", input: { command: "ls" } } })).proceed)
  })
})
