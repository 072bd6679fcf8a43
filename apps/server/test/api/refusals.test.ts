/** Refusals that the fuzz once found wrong: each names the field of the request that is to blame. */
import { describe, expect, it } from "vitest"
import { openServer } from "../Server.ts"

describe("a refusal", () => {
  it("names what the body names, or the path where that is to blame", async () => {
    const { ask, post } = await openServer()
    const { id } = await post("/v1/endpoints", { url: "http://127.0.0.1:4567/" })
    const agent = await post("/ai/agents", {})
    const set = await post("/v1/hook-sets", { dialect: "native", configs: [{ file: "a.yaml", text: "hooks: []" }] })
    await post(`/v1/endpoints/${id}/disable`)
    const unknown = { configs: [{ file: "unknown.json", text: "{}" }] }
    const toolName = "400 payload.context.tool.name"
    const requests: ReadonlyArray<readonly [string, string, unknown, string]> = [
      ["POST", "/v1/fires", { event: "stop", agentId: "none" }, "404 payload.agentId"],
      ["POST", "/v1/fires", { event: "stop", hookSetId: "none" }, "404 payload.hookSetId"],
      ["POST", "/v1/fires", { event: "stop", hookSetId: set.id, version: 9 }, "404 payload.version"],
      ["POST", "/v1/fires", { event: "stop", executionId: "none" }, "404 payload.executionId"],
      ["POST", "/v1/fires", { event: "pre_tool_use", hookSetId: set.id, context: { sessionId: "s" } }, toolName],
      ["POST", "/v1/fires", { event: "stop", hooks: unknown }, "422 payload.hooks.configs"],
      ["POST", "/v1/executions", { hooks: { ...unknown, dialect: "none" } }, "422 payload.hooks.dialect"],
      ["POST", "/v1/hook-sets", unknown, "422 payload.configs"],
      ["GET", `/v1/hook-sets/${set.id}?version=9`, undefined, "404 query.version"],
      ["GET", "/v1/hook-sets/none", undefined, "404 params.id"],
      ["GET", `/ai/agents/${agent.id}x`, undefined, "404 params.agent_id"],
      ["PUT", "/v1/tool-servers", { mcpServers: { one: { url: "none" } } }, "422 payload.mcpServers.one.url"],
      ["PUT", "/v1/tool-servers/one", { url: "none" }, "422 payload.url"],
      ["POST", `/v1/endpoints/${id}/pause`, undefined, "422 params.id"],
      ["POST", `/v1/endpoints/${id}/test`, {}, "422 params.id"],
      ["POST", `/v1/endpoints/${id}/rotate-secret`, { secret: "short" }, "422 payload.secret"]
    ]

    const answers: Array<readonly [string, string, string]> = []
    for (const [method, path, body] of requests) {
      const { status, body: problem } = await ask(method, path, { body })
      answers.push([method, path, `${status} ${problem.errors?.[0]?.field}`])
    }

    expect(answers).toEqual(requests.map(([method, path, , expected]) => [method, path, expected]))
  })

  it("of another product's context names the key that was meant", async () => {
    const { ask, post } = await openServer()
    const { id } = await post("/v1/hook-sets", { dialect: "native", configs: [{ file: "a.yaml", text: "hooks: []" }] })
    const context = { tool_name: "Bash", tool_input: { command: "ls" } }

    const { status, body } = await ask("POST", "/v1/fires", { body: { event: "pre_tool_use", hookSetId: id, context } })

    expect(status).toBe(400)
    const message = 'pre_tool_use requires it; unknown key "tool_name": did you mean tool.name?'
    expect(body.errors).toEqual([{ field: "payload.context.tool.name", message }])
  })

  it("is none for phases that Wacht does not know: they are left out, whatever they hold", async () => {
    const { post, logged } = await openServer()

    const { hooks } = await post("/ai/agents", { hooks: { no_such_phase: {}, toString: 1, execution_end: null } })

    expect(hooks).toEqual({})
    expect(logged).toEqual([])
  })
})
