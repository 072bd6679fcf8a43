/** What cases cannot show: the end of a minute, and every key of an event. Source: Wacht, Execution hooks. */
import { assert, describe, it } from "@effect/vitest"
import { emptyReply, type End, type Fire, FireId, type OutcomeReport, verdicts } from "@tenterhook/core"
import { Effect } from "effect"
import { wacht } from "../../src/index.ts"

const fire: Fire = {
  fireId: FireId.make("fire_1"),
  event: { name: "execution_start", class: "gate" },
  context: { agent: { id: "a1" }, threadId: "t1", executionId: "e1", extra: { deployment_id: 5, board_item_id: "b1" } },
  mode: "documented"
}

const hookOf = (tool: string) =>
  Effect.map(
    wacht.load(
      {
        _tag: "value",
        value: { hooks: { execution_start: [{ tool_name: "first" }, { tool_name: tool }] } },
        folder: "/"
      },
      { mode: "documented", adapters: [] }
    ),
    ({ hooks }) => hooks[1]!
  )

const failure = (reason: (End & { _tag: "failure" })["reason"], message = "it failed"): End => ({
  _tag: "failure",
  reason,
  message,
  reply: emptyReply
})

const ids = { agent_id: "a1", deployment_id: "5", thread_id: "t1", execution_run_id: "e1" }
const input = { _runtime: { ...ids, board_item_id: "b1" } }

describe("wacht", () => {
  it.effect("a step has a minute, and what comes later has failed in Wacht's words", () =>
    Effect.gen(function* () {
      const hook = yield* hookOf("slow")
      assert.strictEqual(hook.timeoutMs, 60_000)
      assert.deepInclude(wacht.decode(hook, fire, failure("timeout")), {
        message: "Internal error: Hook tool 'slow' timed out after 60s"
      })
      assert.strictEqual(
        wacht.decode(hook, fire, failure("tool", "slow failed: disk full")).message,
        "slow failed: disk full"
      )
    })
  )

  it.effect("only a virtual tool that is not connected is skipped", () =>
    Effect.gen(function* () {
      const statusOf = (tool: string, reason: "missing" | "unavailable" | "timeout") =>
        Effect.map(hookOf(tool), (hook) => wacht.decode(hook, fire, failure(reason)).outcome.status)
      assert.strictEqual(yield* statusOf("v_x_y", "missing"), "skipped")
      assert.strictEqual(yield* statusOf("v_x_y", "unavailable"), "skipped")
      assert.strictEqual(yield* statusOf("v_x_y", "timeout"), "failed")
      assert.strictEqual(yield* statusOf("mcp_x", "missing"), "failed")
    })
  )

  it.effect("each step is announced with the documented keys, and no others", () =>
    Effect.gen(function* () {
      const hook = yield* hookOf("mirror")
      const at = Date.UTC(2026, 2, 4, 10)
      const told = (outcome: Partial<OutcomeReport>) =>
        wacht.announce!(hook, fire, { ...report, ...outcome } as OutcomeReport, at)
      const common = {
        ...ids,
        hook_kind: "execution_start",
        tool_name: "mirror",
        step_index: 1,
        timestamp: "2026-03-04T10:00:00.000Z",
        input
      }
      assert.deepStrictEqual(told({ status: "succeeded", output: { a: 1 } }), [
        { type: "agent.execution_start_hook.succeeded", data: { ...common, status: "succeeded", output: { a: 1 } } }
      ])
      assert.deepStrictEqual(told({ status: "failed", reason: "tool", message: "no" }), [
        { type: "agent.execution_start_hook.failed", data: { ...common, status: "failed", error_message: "no" } }
      ])
      assert.deepStrictEqual(told({ status: "skipped", reason: "unavailable", message: "not connected" }), [
        { type: "agent.execution_start_hook.skipped", data: { ...common, status: "skipped", reason: "not connected" } }
      ])
    })
  )
})

const report: Partial<OutcomeReport> = { hook: "execution_start[1]", verdict: verdicts[0], output: null, message: null }
