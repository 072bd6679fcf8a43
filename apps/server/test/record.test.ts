import { SqliteClient } from "@tenterhook/sqlite"
import { assert, describe, it } from "vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { onTestFinished } from "vitest"
import { databaseFile } from "../src/store/DataFolder.ts"
import { openReceiver, openServer, pause, until } from "./Server.ts"

const config = (text: string) => ({ configs: [{ file: "own.yaml", text }] })
const guard = config(`hooks:
  - { on: pre_tool_use, run: "echo no >&2; exit 2" }
  - { on: stop, run: "echo $TOKEN" }
`)

describe("the record of fires", () => {
  it("has each with its context and its report as it was answered, but not the environment", async () => {
    const { post, get, ask } = await openServer()
    const context = { sessionId: "s1", tool: { name: "bash" }, env: { TOKEN: "very-secret" } }
    const report = await post("/v1/fires", { hooks: guard, event: "pre_tool_use", context })
    assert.deepInclude(report, { verdict: "deny", proceed: false })
    const record = await get(`/v1/fires/${report.fireId}`)
    assert.deepStrictEqual(record.report, report)
    const { env: _, ...rest } = context
    assert.deepStrictEqual(record.context, rest)
    const { context: _context, report: _report, ...summary } = record
    assert.deepStrictEqual((await get("/v1/fires")).data, [summary])
    assert.deepInclude(summary, {
      id: report.fireId,
      event: "pre_tool_use",
      verdict: "deny",
      proceed: false,
      outcomes: 1
    })
    const none = await ask("GET", "/v1/fires/fire_none")
    assert.strictEqual(none.status, 404)

    const { id } = await post("/v1/executions", { hooks: guard, context })
    const within = await post("/v1/fires", { executionId: id, event: "stop", context: { env: context.env } })
    assert.strictEqual(within.outcomes[0].stdout, "very-secret\n")
    for (const path of [`/v1/executions/${id}`, "/v1/fires", `/v1/fires?executionId=${id}`])
      assert.notInclude(JSON.stringify(await get(path)), "very-secret", path)
  })

  it("is filtered by each of its filters, and a filter that there is none of is refused", async () => {
    const { post, get, ask } = await openServer()
    const set = await post("/v1/hook-sets", guard)
    const agent = await post("/ai/agents", { hooks: {} })
    const fire = async (body: object) => (await post("/v1/fires", body)).fireId as string
    const denied = await fire({ hookSetId: set.id, event: "pre_tool_use" })
    await pause(5)
    const middle = new Date().toISOString()
    const stopped = await fire({ hookSetId: set.id, event: "stop" })
    const started = await post("/v1/executions", { agentId: agent.id, id: "run-1" })
    const ofAgent = started.start.fireId

    const found = async (query: string) => (await get(`/v1/fires?${query}`)).data.map(({ id }: any) => id)
    assert.deepStrictEqual(await found(""), [ofAgent, stopped, denied])
    assert.deepStrictEqual(await found("event=stop"), [stopped])
    assert.deepStrictEqual(await found("verdict=deny"), [denied])
    assert.deepStrictEqual(await found("proceed=true"), [ofAgent, stopped])
    assert.deepStrictEqual(await found("proceed=false"), [denied])
    assert.deepStrictEqual(await found(`agentId=${agent.id}`), [ofAgent])
    assert.deepStrictEqual(await found(`hookSetId=${set.id}`), [stopped, denied])
    assert.deepStrictEqual(await found("executionId=run-1"), [ofAgent])
    assert.deepStrictEqual(await found(`from=${middle}`), [ofAgent, stopped])
    assert.deepStrictEqual(await found(`to=${middle}`), [denied])
    assert.deepStrictEqual(await found(`hookSetId=${set.id}&proceed=true`), [stopped])
    assert.deepStrictEqual(await found("hookSetId=hs_none"), [])
    for (const [query, field] of [
      ["proceed=yes", "query.proceed"],
      ["verdict=no", "query.verdict"],
      ["from=yesterday", "query.from"],
      ["limit=0", "query.limit"],
      ["limit=many", "query.limit"],
      ["cursor=nonsense", "query.cursor"],
      ["agent=ag_1", "query.agent"]
    ] as const) {
      const refused = await ask("GET", `/v1/fires?${query}`)
      assert.strictEqual(refused.status, 400, query)
      assert.strictEqual(refused.body.errors[0].field, field)
    }
  })

  it("is read page by page, each fire once, while new ones come", async () => {
    const { post, get } = await openServer()
    const set = await post("/v1/hook-sets", guard)
    const fire = async () => (await post("/v1/fires", { hookSetId: set.id, event: "stop" })).fireId as string
    const before: Array<string> = []
    for (let n = 0; n < 12; n++) before.push(await fire())
    const seen: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: any = await get(`/v1/fires?limit=5${cursor === "" ? "" : `&cursor=${cursor}`}`)
      assert.isAtMost(page.data.length, 5)
      for (const { id } of page.data) seen.push(id)
      cursor = page.nextCursor
      await Promise.all([fire(), fire()])
    }
    assert.deepStrictEqual(seen, before.toReversed())
    assert.lengthOf((await get("/v1/fires?limit=200")).data, 18)
  })
})

describe("the stream", () => {
  it("tells of fires, executions and deliveries, only those that are wanted, and ends when the server leaves", async () => {
    const server = await openServer()
    const receiver = await openReceiver()
    const endpoint = await server.post("/v1/endpoints", { url: receiver.url })
    const agent = await server.post("/ai/agents", { hooks: { execution_start: [{ tool_name: "none" }] } })
    const all = await listen(server, "")
    const deliveries = await listen(server, "?types=delivery")
    const mine = await listen(server, "?executionId=run-1")

    await server.post("/v1/executions", { agentId: agent.id, id: "run-1" })
    await server.post("/v1/executions", { agentId: agent.id, id: "run-2" })
    await server.post("/v1/executions/run-1/end", { outcome: "success" })
    const delivered = (events: ReadonlyArray<Told>) =>
      events.filter(({ type, data }) => type === "delivery" && data.status === "delivered")
    await until(
      "both deliveries",
      () => delivered(all.events).length === 2 && delivered(deliveries.events).length === 2
    )

    const [first] = delivered(all.events)
    assert.deepInclude(first!.data, { endpointId: endpoint.id, type: "agent.execution_start_hook.failed" })
    assert.deepInclude(first!.data.attempt, { number: 1, status: 204, error: null })
    assert.sameMembers(
      (await server.get("/v1/deliveries")).data.map(({ id }: any) => id),
      delivered(all.events).map(({ data }) => data.id)
    )
    assert.isTrue(deliveries.events.every(({ type }) => type === "delivery"))
    const what = ({ type, data }: Told) => (type === "fire" ? [type, data.event] : [type, data.id, data.status])
    assert.deepStrictEqual(mine.events.map(what), [
      ["fire", "execution_start"],
      ["execution", "run-1", "running"],
      ["fire", "execution_end"],
      ["execution", "run-1", "ended"]
    ])
    const report = (await server.get("/v1/executions/run-1")).start
    assert.deepInclude(mine.events[0]!.data, { id: report.fireId, verdict: "abstain", agentId: agent.id })

    const started = performance.now()
    await server.close()
    await Promise.all([all.ended, deliveries.ended, mine.ended])
    assert.isBelow(performance.now() - started, 60_000)
    assert.deepStrictEqual(server.logged, [])
  })
})

describe("retention", () => {
  it("removes what is old, and keeps what goes on and what it needs", async () => {
    const first = await openServer()
    const own = (name: string) => config(`hooks: [{ on: stop, run: "echo ${name}" }]\n`)
    const kept = await first.post("/v1/hook-sets", own("kept"))
    const running = await first.post("/v1/executions", { hooks: own("running") })
    const ended = await first.post("/v1/executions", { hooks: own("ended") })
    await first.post(`/v1/executions/${ended.id}/end`, { outcome: "success" })
    await first.post("/v1/fires", { hookSetId: kept.id, event: "stop" })
    await first.close()

    const old = Date.now() - 8 * 86_400_000
    await inDatabase(first.data, (sql) =>
      Effect.all([
        sql`UPDATE fire SET at = ${old}`,
        sql`UPDATE execution SET created_at = ${old}`,
        sql`UPDATE execution SET ended_at = ${old} WHERE ended_at IS NOT NULL`,
        sql`UPDATE upload SET created_at = ${old}`
      ])
    )
    const lenient = await openServer({ data: first.data, key: first.key, recordDays: 9 })
    await pause(300)
    assert.lengthOf((await lenient.get("/v1/fires")).data, 4)
    const recent = await lenient.post("/v1/fires", { hookSetId: kept.id, event: "stop" })
    await lenient.close()

    const second = await openServer({ data: first.data, key: first.key, recordDays: 7 })
    await until("the old ones to be gone", async () => (await second.get("/v1/fires")).data.length === 1)
    assert.strictEqual((await second.get("/v1/fires")).data[0].id, recent.fireId)
    await until("the old execution to be gone", async () => (await second.get("/v1/executions")).data.length === 1)
    assert.strictEqual((await second.ask("GET", `/v1/executions/${ended.id}`)).status, 404)
    const report = await second.post("/v1/fires", { executionId: running.id, event: "stop" })
    assert.strictEqual(report.outcomes[0].stdout, "running\n")
    assert.strictEqual((await second.post(`/v1/executions/${running.id}/end`, { outcome: "success" })).status, "ended")
    assert.strictEqual((await second.get(`/v1/hook-sets/${kept.id}`)).configs[0].text, own("kept").configs[0]!.text)
    await second.close()
    await inDatabase(first.data, (sql) =>
      Effect.gen(function* () {
        const outcomes = yield* sql`SELECT DISTINCT fire_id FROM outcome`
        assert.sameMembers(
          outcomes.map((row: any) => row.fire_id),
          [recent.fireId, report.fireId]
        )
        const uploads = yield* sql`SELECT upload FROM upload`
        const texts = uploads.map((row: any) => /echo (\w+)/.exec(row.upload)![1])
        assert.sameMembers(texts, ["kept", "running"])
      })
    )
    assert.deepStrictEqual([...first.logged, ...lenient.logged, ...second.logged], [])
  })
})

interface Told {
  readonly type: string
  readonly data: any
}

/** Settles once the stream has begun. */
const listen = async ({ url, key }: { readonly url: string; readonly key: string }, query: string) => {
  const gone = new AbortController()
  onTestFinished(() => gone.abort())
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/v1/stream${query}`, { headers, signal: gone.signal })
  assert.match(response.headers.get("content-type")!, /^text\/event-stream/)
  const events: Array<Told> = []
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = (await reader.read()).value!
  const rest = async () => {
    for (;;) {
      const blocks = text.split("\n\n")
      text = blocks.pop()!
      for (const block of blocks) {
        const parts = /^event: (\w+)\ndata: (.+)$/.exec(block)
        if (parts !== null) events.push({ type: parts[1]!, data: JSON.parse(parts[2]!) })
      }
      const { done, value } = await reader.read()
      if (done) return
      text += value
    }
  }
  return { events, ended: rest() }
}

/** While no server has it. */
const inDatabase = <A>(data: string, work: (sql: SqlClient.SqlClient) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(
    Effect.flatMap(SqlClient.SqlClient, work).pipe(
      Effect.provide(SqliteClient.layer({ filename: databaseFile(data) })),
      Effect.orDie
    )
  )
