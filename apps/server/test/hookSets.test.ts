import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openMcpServer } from "@tenterhook/conformance"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it, onTestFinished } from "vitest"
import { databaseFile } from "../src/store/DataFolder.ts"
import { openServer } from "./Server.ts"

const saying = (text: string) => ({
  name: "greeter",
  configs: [{ file: "own.yaml", text: `hooks:\n  - { on: stop, run: "echo ${text}" }\n` }]
})
const said = (report: any) => report.outcomes.map(({ stdout }: any) => stdout)

describe("a hook set", () => {
  it("has versions, of which each can be fired; the same again is no new one", async () => {
    const { ask, post, put, get, remove } = await openServer()
    const first = await post("/v1/hook-sets", saying("one"))
    assert.deepInclude(first, { version: 1, name: "greeter", dialect: "native", hooks: 1, notices: [] })
    assert.deepInclude(first, { configs: saying("one").configs, tools: null, allow: null })
    const place = `/v1/hook-sets/${first.id}`
    assert.deepStrictEqual(await put(place, saying("one")), first)
    const second = await put(place, saying("two"))
    assert.deepInclude(second, { id: first.id, version: 2, createdAt: first.createdAt })
    assert.notStrictEqual(second.digest, first.digest)

    const fire = (target: object) => post("/v1/fires", { ...target, event: "stop" })
    assert.deepStrictEqual(said(await fire({ hookSetId: first.id })), ["two\n"])
    assert.deepStrictEqual(said(await fire({ hookSetId: first.id, version: 1 })), ["one\n"])
    const third = await put(place, saying("one"))
    assert.deepInclude(third, { version: 3, digest: first.digest })
    assert.deepStrictEqual(said(await fire({ hookSetId: first.id })), ["one\n"])

    assert.deepStrictEqual(
      (await get(`${place}/versions`)).data.map(({ version }: any) => version),
      [3, 2, 1]
    )
    assert.deepStrictEqual((await get(`${place}?version=2`)).configs, saying("two").configs)
    const listed = (await get("/v1/hook-sets")).data
    assert.deepStrictEqual(
      listed.map(({ id, version }: any) => [id, version]),
      [[first.id, 3]]
    )
    assert.deepStrictEqual(
      (await get("/v1/fires")).data.map(({ version }: any) => version),
      [3, 1, 2]
    )
    const none = await ask("POST", "/v1/fires", { body: { hookSetId: first.id, version: 9, event: "stop" } })
    assert.strictEqual(none.status, 404)
    assert.include(none.body.detail, "got 9")

    await remove(place)
    assert.strictEqual((await ask("GET", place)).status, 404)
    assert.strictEqual((await ask("POST", "/v1/fires", { body: { hookSetId: first.id, event: "stop" } })).status, 404)
    assert.lengthOf((await get("/v1/fires")).data, 3)
  })

  it("runs its commands in the folder of its upload, whatever the dialect", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-upload-")))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, "guard.sh"), "#!/bin/sh\npwd; echo no >&2; exit 2\n", { mode: 0o755 })
    const { post } = await openServer()
    const fire = async (file: string, text: string, event: string) => {
      const hooks = { configs: [{ file, text, folder }] }
      return post("/v1/fires", { hooks, event, context: { sessionId: "s", tool: { name: "bash" } } })
    }
    const native = await fire("tenterhook.yaml", "hooks: [{ on: pre_tool_use, run: ./guard.sh }]", "pre_tool_use")
    assert.isFalse(native.proceed)
    assert.deepStrictEqual(said(native), [`${folder}\n`])
    const oats = `{"hooks": [{"event": "pre_tool_use", "command": "pwd >&2"}]}`
    const { outcomes } = await fire("coder.json", oats, "pre_tool_use")
    assert.strictEqual(outcomes[0].stderr, `${folder}\n`)
  })

  it("is refused with file, line and column of each problem, and nothing is kept", async () => {
    const { ask, get } = await openServer()
    const text = `hooks:\n  - on: stop\n    rum: echo hi\n  - on: stop\n    run: 7\n`
    const body = { configs: [{ file: "own.yaml", text }] }
    for (const [path, sent] of [
      ["/v1/hook-sets", body],
      ["/v1/hook-sets/check", body],
      ["/v1/fires", { hooks: body, event: "stop" }],
      ["/v1/executions", { hooks: body }],
      ["/v1/explain", { hooks: body, event: "stop" }]
    ] as const) {
      const refused = await ask("POST", path, { body: sent })
      assert.strictEqual(refused.status, 422, path)
      const places = refused.body.errors.map(({ file, line, column }: any) => [file, line, column])
      assert.deepStrictEqual(places, [
        ["own.yaml", 3, 5],
        ["own.yaml", 5, 10]
      ])
      assert.match(refused.body.errors[0].message, /unknown key "rum"; did you mean "run"/)
      assert.include(refused.body.detail, "own.yaml:3:5")
    }
    for (const path of ["/v1/hook-sets", "/v1/fires", "/v1/executions"])
      assert.deepStrictEqual((await get(path)).data, [], path)
  })

  it("with unknown keys and events is kept where its owner says lenient, with notices and a warning in each report", async () => {
    const { ask, post, get } = await openServer()
    const text = "hooks:\n  - { on: PreToolUse, name: guard, run: exit 2, onFailure: block, retries: 3 }\n"
    const upload = { configs: [{ file: "own.yaml", text }] }
    assert.strictEqual((await ask("POST", "/v1/hook-sets", { body: upload })).status, 422)
    const set = await post("/v1/hook-sets", { ...upload, lenient: true })
    assert.isTrue(set.lenient)
    assert.lengthOf(set.notices, 2)
    assert.isTrue((await get(`/v1/hook-sets/${set.id}`)).lenient)
    const report = await post("/v1/fires", {
      hookSetId: set.id,
      event: "pre_tool_use",
      context: { tool: { name: "bash" } }
    })
    assert.deepInclude(report.notices[0], { hook: "guard", level: "error" })
    assert.include(report.notices[0].text, "PreToolUse")
    assert.strictEqual((await ask("POST", "/v1/hook-sets", { body: { ...upload, lenient: "yes" } })).status, 400)
  })

  it("that an older server accepted and this one refuses is refused when it is fired, with every place", async () => {
    const before = await openServer()
    const text = "hooks:\n  - { on: stop, run: echo hi, timout: 5s }\n"
    const set = await before.post("/v1/hook-sets", { configs: [{ file: "own.yaml", text }], lenient: true })
    await before.close()
    const database = new DatabaseSync(databaseFile(before.data))
    database.exec("UPDATE upload SET upload = json_remove(upload, '$.lenient')")
    database.close()

    const after = await openServer({ data: before.data, key: before.key })
    for (const [path, body] of [
      ["/v1/fires", { hookSetId: set.id, event: "stop" }],
      ["/v1/explain", { hookSetId: set.id, event: "stop" }],
      ["/v1/executions", { hookSetId: set.id }]
    ] as const) {
      const refused = await after.ask("POST", path, { body })
      assert.strictEqual(refused.status, 422, path)
      assert.deepInclude(refused.body.errors[0], { file: "own.yaml", line: 2, column: 31 })
    }
    assert.isFalse((await after.get(`/v1/hook-sets/${set.id}`)).lenient)
  })

  it("without configs and without a dialect is refused: it could never run anything", async () => {
    const { ask } = await openServer()
    const refused = await ask("POST", "/v1/hook-sets", { body: { configs: [] } })
    assert.strictEqual(refused.status, 422)
    assert.strictEqual(refused.body.errors[0].field, "payload.configs")
  })

  it("that comes along is fired, explained and started like one that was kept", async () => {
    const { post, get } = await openServer()
    const hooks = saying("along")
    const report = await post("/v1/fires", { hooks, event: "stop" })
    assert.deepStrictEqual(said(report), ["along\n"])
    const plan = await post("/v1/explain", { hooks, event: "stop" })
    assert.deepInclude(plan.sets[0].hooks[0], {
      hook: "stop[0]",
      runs: true,
      does: "echo along",
      source: { file: "own.yaml", line: 2 }
    })
    const { id } = await post("/v1/executions", { hooks })
    const within = await post("/v1/fires", { executionId: id, event: "stop" })
    assert.deepStrictEqual(said(within), ["along\n"])
    assert.lengthOf((await get(`/v1/fires?executionId=${id}`)).data, 2)
    assert.deepStrictEqual((await get("/v1/hook-sets")).data, [])
  })

  it("of an execution is the one it began with, also after the server was started again", async () => {
    const before = await openServer()
    const set = await before.post("/v1/hook-sets", saying("one"))
    const { id } = await before.post("/v1/executions", { hookSetId: set.id, context: { sessionId: "s1" } })
    await before.put(`/v1/hook-sets/${set.id}`, saying("two"))
    await before.close()

    const after = await openServer({ data: before.data, key: before.key })
    const report = await after.post("/v1/fires", { executionId: id, event: "stop" })
    assert.deepStrictEqual(said(report), ["one\n"])
    assert.deepInclude((await after.get("/v1/fires")).data[0], { executionId: id, hookSetId: set.id, version: 1 })
    const ended = await after.post(`/v1/executions/${id}/end`, { outcome: "success" })
    assert.deepInclude(ended, { status: "ended", version: 1 })
    assert.deepStrictEqual([...before.logged, ...after.logged], [])
  })
})

describe("a tool server", () => {
  it("is found by the next fire once it was added, and no longer once it was removed", async () => {
    const mcp = await openMcpServer([
      {
        name: "create_issue",
        description: "Makes an issue",
        inputSchema: { type: "object" },
        returnsPlainValue: false,
        run: async (input) => ({ made: input })
      }
    ])
    onTestFinished(mcp.close)
    const { ask, post, put, get, remove } = await openServer()
    const agent = await post("/ai/agents", {
      hooks: { execution_start: [{ tool_name: "mcp_linear_create_issue", args: { title: "t" } }] }
    })
    const fire = async () => (await post("/v1/fires", { agentId: agent.id, event: "execution_start" })).outcomes[0]

    assert.deepInclude(await fire(), { status: "failed", reason: "missing" })
    const linear = { name: "linear", transport: "http" }
    assert.deepStrictEqual(await put("/v1/tool-servers/linear", { url: mcp.url }), { servers: [linear] })
    const found = await fire()
    assert.strictEqual(found.status, "succeeded", found.message)
    assert.strictEqual(found.output.made.title, "t")

    const other = { name: "other", transport: "http" }
    const both = { mcpServers: { linear: { url: mcp.url }, other: { url: mcp.url } } }
    assert.deepStrictEqual(await put("/v1/tool-servers", both), { servers: [linear, other] })
    assert.deepStrictEqual(await get("/v1/tool-servers"), { servers: [linear, other] })
    await remove("/v1/tool-servers/linear")
    assert.deepInclude(await fire(), { status: "failed", reason: "missing" })
    assert.strictEqual((await ask("DELETE", "/v1/tool-servers/linear")).status, 404)
    assert.deepStrictEqual(await put("/v1/tool-servers", { mcpServers: {} }), { servers: [] })
  })
})
