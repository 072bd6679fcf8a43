/** Wacht's document against the server: its JSON as it stands there, and what it promises. */
import type { ToolDefinition } from "@tenterhook/tool-call"
import { verify } from "@tenterhook/webhook"
import { assert, describe, it } from "vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { openReceiver, openServer, pause, until, writeFile } from "./Server.ts"

/** Source: Wacht, Execution hooks, "API shape". */
const documented = `{
  "hooks": {
    "execution_start": [
      {
        "tool_name": "read_file",
        "args": { "path": "/shared/context.md" }
      }
    ],
    "execution_end": [
      {
        "tool_name": "append_file",
        "args": {
          "path": "/shared/run-log.md",
          "content": "Execution finished."
        }
      }
    ]
  }
}`

const succeeded = "agent.execution_start_hook.succeeded"
const failed = "agent.execution_start_hook.failed"

describe("the document's JSON", () => {
  it("is made, changed, read back equal, and runs around an execution, with a signed event for each step", async () => {
    const server = await openServer()
    writeFile(join(server.data, "shared/context.md"), "what was agreed")
    const receiver = await openReceiver()
    const { secret } = await server.post("/v1/endpoints", { url: receiver.url })
    const { hooks } = JSON.parse(documented)

    const made = await server.ask("POST", "/ai/agents", { body: documented })
    assert.strictEqual(made.status, 201)
    const place = `/ai/agents/${made.body.id}`
    assert.deepStrictEqual((await server.get(place)).hooks, hooks)
    assert.deepStrictEqual((await server.ask("PATCH", place, { body: documented })).body.hooks, hooks)
    assert.deepStrictEqual((await server.get("/ai/agents")).data, [await server.get(place)])

    const context = { threadId: "thread_1", extra: { deployment_id: 12, board_item_id: "item_1" } }
    const started = await server.post("/v1/executions", { agentId: made.body.id, context })
    const runtime = {
      agent_id: made.body.id,
      deployment_id: "12",
      thread_id: "thread_1",
      execution_run_id: started.id,
      board_item_id: "item_1"
    }
    const input = { path: "/shared/context.md", _runtime: runtime }
    assert.strictEqual(started.status, "running")
    const [entry] = started.start.context
    assert.strictEqual(entry.hook, "execution_start[0]")
    assert.deepStrictEqual(JSON.parse(entry.text), { tool_name: "read_file", input, output: "what was agreed" })

    const ended = await server.post(`/v1/executions/${started.id}/end`, { outcome: "success" })
    assert.deepInclude(ended, { status: "ended", outcome: "success", error: null, leaseEndsAt: null })
    assert.strictEqual(readFileSync(join(server.data, "shared/run-log.md"), "utf8"), "Execution finished.")
    assert.deepStrictEqual(await server.post(`/v1/executions/${started.id}/end`, { outcome: "success" }), ended)

    await until("both events", () => receiver.got.length === 2)
    const event = receiver.got.find(({ type }) => type === succeeded)!
    const { board_item_id: _, ...ids } = runtime
    const { timestamp, ...data } = event.data
    assert.closeTo(Date.parse(timestamp), Date.now(), 20_000)
    assert.deepStrictEqual(data, {
      ...ids,
      hook_kind: "execution_start",
      status: "succeeded",
      tool_name: "read_file",
      step_index: 0,
      input,
      output: "what was agreed"
    })
    for (const { text, headers } of receiver.got) {
      verify({ body: text, headers }, secret)
      assert.throws(() => verify({ body: text.replace("succeeded", "failed"), headers }, secret))
    }
    assert.sameMembers(
      receiver.got.map(({ type }) => type),
      [succeeded, "agent.execution_end_hook.succeeded"]
    )
    assert.deepStrictEqual(server.logged, [])
  })

  it("PATCH without hooks keeps them, with {} clears them, with other phases replaces them all", async () => {
    const { post, patch, get, remove, ask } = await openServer()
    const { hooks } = JSON.parse(documented)
    const { id } = await post("/ai/agents", { name: "coder", hooks })
    const place = `/ai/agents/${id}`
    assert.deepInclude(await patch(place, { description: "writes code" }), { name: "coder", hooks })
    const other = { execution_end: [{ tool_name: "read_file", args: {} }] }
    assert.deepStrictEqual((await patch(place, { hooks: other })).hooks, other)
    assert.deepStrictEqual((await patch(place, { hooks: {} })).hooks, {})
    assert.deepInclude(await get(place), { name: "coder", description: "writes code", hooks: {} })
    await remove(place)
    assert.strictEqual((await ask("GET", place)).status, 404)
  })

  it("a blank tool_name and args that are no object are refused in Wacht's words; no args are {}", async () => {
    const { ask, post, patch } = await openServer()
    const agent = await post("/ai/agents", {
      hooks: { execution_start: [{ tool_name: "a" }, { tool_name: "b", args: null }], execution_end: [] }
    })
    const without = {
      execution_start: [
        { tool_name: "a", args: {} },
        { tool_name: "b", args: {} }
      ]
    }
    assert.deepStrictEqual(agent.hooks, without)
    const bad = [
      [{ tool_name: " " }, "hooks.execution_start[1].tool_name must not be empty", "tool_name"],
      [{ tool_name: "x", args: [1] }, "hooks.execution_start[1].args must be a JSON object", "args"],
      [{ tool_name: "x", args: "y" }, "hooks.execution_start[1].args must be a JSON object", "args"]
    ] as const
    for (const [step, message, key] of bad) {
      const body = { hooks: { execution_start: [{ tool_name: "fine" }, step] } }
      for (const refused of [
        await ask("POST", "/ai/agents", { body }),
        await ask("PATCH", `/ai/agents/${agent.id}`, { body })
      ]) {
        assert.strictEqual(refused.status, 400)
        assert.match(refused.headers.get("content-type")!, /^application\/problem\+json/)
        const field = `payload.hooks.execution_start[1].${key}`
        assert.deepStrictEqual(refused.body.errors, [{ field, message, code: 400 }])
      }
    }
    assert.deepStrictEqual((await patch(`/ai/agents/${agent.id}`, {})).hooks, without)
  })
})

describe("a step", () => {
  const lookUp: ToolDefinition = {
    name: "look_up",
    description: "Says what it was called with",
    inputSchema: { type: "object" },
    run: (input) => ({ seen: input })
  }
  const breaks: ToolDefinition = {
    name: "breaks",
    description: "Fails",
    inputSchema: { type: "object" },
    run: () => {
      throw new Error("no such customer")
    }
  }

  it("that fails, is missing or is not connected stops nothing, and each is told", async () => {
    const server = await openServer({ tools: [lookUp, breaks] })
    const all = await openReceiver()
    const failures = await openReceiver()
    await server.post("/v1/endpoints", { url: all.url })
    await server.post("/v1/endpoints", { url: failures.url, events: [failed] })
    const names = ["missing_tool", "breaks", "mcp_linear_create_issue", "v_composio_gmail_send_email", "look_up"]
    const steps = names.map((tool_name) => ({ tool_name }))
    const agent = await server.post("/ai/agents", { hooks: { execution_start: steps } })
    const { id, start, status } = await server.post("/v1/executions", { agentId: agent.id })

    assert.strictEqual(status, "running")
    assert.isTrue(start.proceed)
    const gone = (tool: string) => `Bad request: Hook tool '${tool}' is not in the agent's catalog`
    const came = ({ status, reason, message }: any) => [status, reason, message]
    assert.deepStrictEqual(start.outcomes.map(came), [
      ["failed", "missing", gone("missing_tool")],
      ["failed", "tool", "breaks failed: no such customer"],
      ["failed", "missing", gone("mcp_linear_create_issue")],
      ["skipped", "unavailable", "virtual tool not connected for this actor"],
      ["succeeded", null, null]
    ])
    assert.deepStrictEqual(
      start.context.map(({ hook }: any) => hook),
      ["execution_start[4]"]
    )

    await until("all events", () => all.got.length === 5 && failures.got.length === 3)
    const told = all.got.map(({ data }) => data).toSorted((a, b) => a.step_index - b.step_index)
    assert.deepStrictEqual(
      told.map(({ status, error_message, reason }) => [status, error_message ?? reason ?? null]),
      start.outcomes.map(({ status, message }: any) => [status, message])
    )
    for (const { input } of told) assert.strictEqual(input._runtime.execution_run_id, id)
    await pause(200)
    assert.deepStrictEqual([...new Set(failures.got.map(({ type }) => type))], [failed])
    assert.strictEqual(failures.got.length, 3)
  })

  it("gets _runtime put over one of its own", async () => {
    const server = await openServer({ tools: [lookUp], deploymentId: "dep_1" })
    const args = { _runtime: { agent_id: "somebody", secret: 1 }, _runtime2: true }
    const agent = await server.post("/ai/agents", { hooks: { execution_start: [{ tool_name: "look_up", args }] } })
    assert.deepStrictEqual(agent.hooks.execution_start[0].args, args)
    const { id, start } = await server.post("/v1/executions", { agentId: agent.id })
    assert.deepStrictEqual(start.outcomes[0].output.seen, {
      _runtime2: true,
      _runtime: {
        agent_id: agent.id,
        deployment_id: "dep_1",
        thread_id: null,
        execution_run_id: id,
        board_item_id: null
      }
    })
  })
})

describe("the end of an execution", () => {
  const hooks = { execution_end: [{ tool_name: "append_file", args: { path: "/shared/log.md", content: "x" } }] }
  const log = ({ data }: { readonly data: string }) => readFileSync(join(data, "shared/log.md"), "utf8")

  it("runs the end hooks however the agent ended, and keeps what it ended with", async () => {
    const server = await openServer()
    const { id: agentId } = await server.post("/ai/agents", { hooks })
    const ways = [
      { outcome: "error", error: { message: "no such tool", code: 7 } },
      { outcome: "aborted", error: "stopped by a person" },
      { outcome: "budget_exhausted" }
    ]
    for (const way of ways) {
      const { id } = await server.post("/v1/executions", { agentId })
      const ended = await server.post(`/v1/executions/${id}/end`, way)
      assert.deepInclude(ended, { status: "ended", error: null, ...way })
      assert.strictEqual(ended.end.outcomes[0].status, "succeeded")
      const other = await server.ask("POST", `/v1/executions/${id}/end`, { body: { outcome: "success" } })
      assert.strictEqual(other.status, 409)
      assert.strictEqual(other.body.errors[0].field, "payload.outcome")
      assert.strictEqual((await server.ask("POST", `/v1/executions/${id}/lease`)).status, 409)
    }
    assert.strictEqual(log(server), "xxx")
    const aborted = await server.get("/v1/executions?outcome=aborted")
    assert.deepStrictEqual(
      aborted.data.map(({ error }: any) => error),
      ["stopped by a person"]
    )
  })

  it("comes by itself where the host falls silent, and not while it is heard", async () => {
    const server = await openServer()
    const { id: agentId } = await server.post("/ai/agents", { hooks })
    const silent = await server.post("/v1/executions", { agentId, leaseMs: 5000 })
    const heard = await server.post("/v1/executions", { agentId, leaseMs: 3000 })
    const ended = await until("the end", async () => {
      await server.post(`/v1/executions/${heard.id}/lease`)
      const execution = await server.get(`/v1/executions/${silent.id}`)
      return execution.status === "ended" && execution
    })
    assert.deepInclude(ended, { outcome: "aborted", error: "the lease ran out: nothing was heard of the host" })
    assert.strictEqual(ended.end.outcomes[0].status, "succeeded")
    assert.strictEqual(log(server), "x")
    assert.isAtLeast(Date.parse(ended.endedAt), Date.parse(silent.leaseEndsAt))
    assert.strictEqual((await server.get(`/v1/executions/${heard.id}`)).status, "running")
    const late = await server.ask("POST", `/v1/executions/${silent.id}/end`, { body: { outcome: "success" } })
    assert.strictEqual(late.status, 409)
  })
})

describe("a receiver", () => {
  const hooks = { execution_start: [{ tool_name: "missing_tool" }] }
  const rules = { delaysMs: [50] }

  /** What became of one event at a receiver that answers so. */
  const told = async (mode: string, ...statuses: ReadonlyArray<number>) => {
    const server = await openServer()
    const receiver = await openReceiver(...statuses)
    const endpoint = await server.post("/v1/endpoints", { url: receiver.url, mode, rules })
    const { id: agentId } = await server.post("/ai/agents", { hooks })
    await server.post("/v1/executions", { agentId })
    const delivery = await until("the end of the delivery", async () => {
      const [one] = (await server.get("/v1/deliveries")).data
      return one !== undefined && one.status !== "pending" && one
    })
    const { data: tries } = await server.get(`/v1/deliveries/${delivery.id}/attempts`)
    return { server, receiver, endpoint, delivery, tries }
  }

  it("that answers 500 and then 200 is asked twice, with the same id and timestamp", async () => {
    const { receiver, delivery, tries } = await told("wacht-upstream", 500, 200)
    assert.strictEqual(delivery.status, "delivered")
    assert.deepStrictEqual(
      tries.map(({ status }: any) => status),
      [500, 200]
    )
    assert.strictEqual(receiver.got.length, 2)
    const [first, second] = receiver.got.map(({ headers, text }) => [
      headers["webhook-id"],
      headers["webhook-timestamp"],
      headers["webhook-signature"],
      text
    ])
    assert.deepStrictEqual(first, second)
    assert.strictEqual(first![0], delivery.webhookId)
    assert.deepStrictEqual(Object.keys(JSON.parse(receiver.got[0]!.text)), ["data", "timestamp", "type"])
    assert.strictEqual(receiver.got[0]!.headers["user-agent"], "Wacht-Webhook/1.0")
  })

  it("that answers 400 is asked once", async () => {
    const { receiver, delivery } = await told("wacht-upstream", 400)
    assert.deepInclude(delivery, { status: "failed", attempts: 1 })
    await pause(200)
    assert.strictEqual(receiver.got.length, 1)
  })

  it("that answers 410 is disabled", async () => {
    const { server, endpoint, receiver } = await told("wacht-upstream", 410)
    const disabled = await server.get(`/v1/endpoints/${endpoint.id}`)
    assert.strictEqual(disabled.status, "disabled")
    assert.include(disabled.reason, "410")
    assert.notProperty(disabled, "secret")
    const { id: agentId } = await server.post("/ai/agents", { hooks })
    await server.post("/v1/executions", { agentId })
    await pause(200)
    assert.strictEqual(receiver.got.length, 1)
  })
})
