import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import {
  ConfigError,
  connectHooks,
  createHooks,
  ExecutionRefused,
  type FireReport,
  InvalidConnection,
  type ProblemEntry,
  ServerRefused,
  ServerUnreachable
} from "../src/index.ts"
import { openContractServer } from "./fixtures/contractServer.ts"

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-connect-")))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const rejection = async (promise: Promise<unknown>): Promise<any> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail("did not reject")
}
/** What differs from fire to fire. */
const settled = (report: FireReport) => ({
  ...report,
  fireId: "",
  outcomes: report.outcomes.map((outcome) => ({ ...outcome, durationMs: 0 }))
})
const freePort = async () => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

describe("connectHooks", () => {
  it("gives the report and the explanation that hooks of this process give", async () => {
    await using server = await openContractServer()
    mkdirSync(join(folder, "below"))
    writeFileSync(
      join(folder, "below/tenterhook.yaml"),
      "hooks: [{ on: pre_tool_use, tool: bash, cwd: ., run: 'pwd; echo no >&2; exit 2' }]\n"
    )
    const options = { config: "below/tenterhook.yaml", cwd: folder }
    await using here = await createHooks(options)
    await using there = await connectHooks({ url: `${server.url}/`, key: server.key, ...options })
    const context = { tool: { name: "bash", input: { command: "ls" } } }
    const report = await there.fire("pre_tool_use", context)
    assert.deepInclude(report, { verdict: "deny", proceed: false })
    assert.strictEqual(report.outcomes[0]!.stdout, `${join(folder, "below")}\n`)
    assert.deepStrictEqual(settled(report), settled(await here.fire("pre_tool_use", context)))
    assert.deepStrictEqual(
      await there.explain("pre_tool_use", context),
      JSON.parse(JSON.stringify(await here.explain("pre_tool_use", context)))
    )
    const [fired] = server.to(/fires/)
    assert.deepStrictEqual(fired!.body.context, { ...context, cwd: folder })
    assert.strictEqual(fired!.body.hooks.configs[0].folder, join(folder, "below"))
  })

  it("names an agent or a hook set, and sends environment and capabilities only where they are given", async () => {
    await using server = await openContractServer()
    const { url, key } = server
    await using agent = await connectHooks({ url, key, agent: "ag_1" })
    assert.strictEqual((await agent.fire("pre_tool_use")).verdict, "ask")
    await using set = await connectHooks({
      url,
      key,
      hookSet: "hs_1",
      version: 3,
      host: [],
      env: { A: "1" },
      cwd: "/x"
    })
    assert.strictEqual((await set.fire("pre_tool_use", { tool: { name: "bash" } })).verdict, "deny")
    await set.fire("acme:thing", { cwd: "/y", env: { B: "2" } }, { class: "gate", host: ["ask"] })
    assert.deepStrictEqual(
      server.got.map(({ body }) => body),
      [
        { agentId: "ag_1", event: "pre_tool_use", context: { cwd: process.cwd() } },
        {
          hookSetId: "hs_1",
          version: 3,
          event: "pre_tool_use",
          context: { tool: { name: "bash" }, cwd: "/x", env: { A: "1" } },
          host: []
        },
        {
          hookSetId: "hs_1",
          version: 3,
          event: "acme:thing",
          context: { cwd: "/y", env: { B: "2" } },
          host: ["ask"],
          class: "gate"
        }
      ]
    )
  })

  it("sends hooks given in code, and lets the host answer an ask", async () => {
    await using server = await openContractServer()
    const { url, key } = server
    const hooks = [{ on: "stop", run: "echo hi" }]
    await using coded = await connectHooks({ url, key, hooks, cwd: folder })
    assert.strictEqual((await coded.fire("stop")).outcomes[0]!.stdout, "hi\n")
    await using asked = await connectHooks({ url, key, agent: "ag_1", ask: () => true })
    assert.deepInclude(await asked.fire("pre_tool_use"), { verdict: "allow", proceed: true })
    const error = await rejection(connectHooks({ url, hooks: [{ on: "stop", run: () => undefined }] }))
    assert.instanceOf(error, InvalidConnection)
    assert.match(error.message, /"run" is a function/)
  })

  it("tells what the server refuses in its words, with file and line of a config", async () => {
    await using server = await openContractServer()
    const { url, key } = server
    const config = { file: "own.yaml", text: "hooks:\n  - { on: stop }\n" }
    await using broken = await connectHooks({ url, key, config })
    const unloadable = await rejection(broken.fire("stop"))
    assert.instanceOf(unloadable, ServerRefused)
    assert.strictEqual(unloadable.status, 422)
    assert.match(unloadable.message, /^the config cannot be loaded\nown\.yaml:2:\d+: hooks\[0\]/)
    await using keyless = await connectHooks({ url, agent: "ag_1" })
    const unknown = await rejection(keyless.fire("stop"))
    assert.deepInclude(unknown, { status: 401, message: "headers.authorization: no such key" })
    assert.lengthOf(server.got, 2)

    const entry = { field: "hooks[0]", message: "odd", file: "own.yaml", line: 2, column: 5 }
    const said = (detail: string, errors: ReadonlyArray<ProblemEntry>) =>
      new ServerRefused({ type: "t", title: "a title", status: 422, detail, errors }).message
    assert.strictEqual(said("own.yaml:2:5: hooks[0]: odd", [entry]), "own.yaml:2:5: hooks[0]: odd")
    assert.strictEqual(said("odd", [entry]), "own.yaml:2:5: hooks[0]: odd")
    assert.strictEqual(said("two", [entry, { field: "", message: "more" }]), "two\nown.yaml:2:5: hooks[0]: odd\nmore")
    assert.strictEqual(new ServerRefused({ type: "t", title: "a title", status: 500, errors: [] }).message, "a title")
  })

  it("refuses options that cannot be, before anything is sent", async () => {
    const refused = async (options: object) => (await rejection(connectHooks({ url: "http://h", ...options }))).message
    assert.match(await refused({}), /one of agent, hookSet, or config.*got none/)
    assert.match(await refused({ agent: "a", hooks: [] }), /got several/)
    assert.match(await refused({ agent: "a", version: 1 }), /version/)
    assert.match(await refused({ agent: "a", mode: "upstream" }), /mode/)
    assert.match(await refused({ agent: "a", lenient: true }), /lenient is for config/)
    assert.match(await refused({ agent: "a", url: "localhost:4700" }), /http:\/\/ or https:\/\//)
    assert.match(await refused({ agent: "a", url: "http://me:word@h" }), /password/)
    assert.match(await refused({ agent: "a", key: "th_a\nb" }), /key/)
    assert.instanceOf(await rejection(connectHooks({ url: "http://h", config: "gone.yaml", cwd: folder })), ConfigError)
  })

  it("fires again while nobody listens yet, and never after the request was sent", async () => {
    await using server = await openContractServer()
    const { url, key } = server
    await using hooks = await connectHooks({ url, key, agent: "ag_1" })
    server.fail("/v1/fires", "break")
    const broke = await rejection(hooks.fire("stop"))
    assert.instanceOf(broke, ServerUnreachable)
    assert.match(broke.message, /127\.0\.0\.1:\d+: the connection broke/)
    server.fail("/v1/fires", { status: 503 })
    assert.deepInclude(await rejection(hooks.fire("stop")), { status: 503 })
    assert.lengthOf(server.got, 2)

    const port = await freePort()
    await using early = await connectHooks({ url: `http://127.0.0.1:${port}`, agent: "ag_1" })
    const fired = early.fire("stop")
    await pause(300)
    const late = createServer((request, response) => {
      request.resume()
      response.end('{"verdict":"allow"}')
    })
    await new Promise<void>((done) => late.listen(port, "127.0.0.1", done))
    assert.deepInclude(await fired, { verdict: "allow" })
    late.close()
    late.closeAllConnections()
    const gone = await rejection(early.fire("stop"))
    assert.instanceOf(gone, ServerUnreachable)
    assert.match(gone.why, /nobody listens/)
  })

  it("knows what is no Tenterhook server", async () => {
    const answers = [
      [200, "<html>", {}],
      [404, "<html>", {}],
      [302, "", { location: "https://there" }]
    ] as const
    let next = 0
    const other = createServer((request, response) => {
      request.resume()
      const [status, body, headers] = answers[next++]!
      response.writeHead(status, headers).end(body)
    })
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done))
    try {
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
      await using hooks = await connectHooks({ url, agent: "ag_1" })
      assert.match((await rejection(hooks.fire("stop"))).message, /not a Tenterhook server/)
      assert.match((await rejection(hooks.fire("stop"))).message, /404 Not Found.*is this a Tenterhook server\?/)
      assert.match((await rejection(hooks.fire("stop"))).message, /https:\/\/there/)
    } finally {
      other.close()
      other.closeAllConnections()
    }
  })

  it("never proceeds when a signal aborts before the request, or while the host is asked", async () => {
    await using server = await openContractServer()
    const { url, key } = server
    const reason = new Error("enough")
    const abort = new AbortController()
    let asked: AbortSignal | undefined
    const ask = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      asked = signal
      queueMicrotask(() => abort.abort(reason))
      return new Promise<boolean>(() => {})
    }
    await using hooks = await connectHooks({ url, key, agent: "ag_1", ask })
    const { signal } = abort
    assert.strictEqual(await rejection(hooks.fire("pre_tool_use", {}, { signal })), reason)
    assert.isTrue(asked?.aborted)
    assert.strictEqual(await rejection(hooks.fire("pre_tool_use", {}, { signal })), reason)
    assert.strictEqual(await rejection(hooks.startExecution({}, { signal })), reason)
    assert.lengthOf(server.got, 1)
  })

  it("ends a request when a signal aborts or the hooks are closed", async () => {
    await using server = await openContractServer()
    const { url, key } = server
    const all = new AbortController()
    await using hooks = await connectHooks({ url, key, agent: "ag_1", signal: all.signal })
    server.fail("/v1/fires", "silence", "silence", "silence")
    const reason = new Error("enough")
    const one = new AbortController()
    const first = rejection(hooks.fire("stop", {}, { signal: one.signal }))
    const second = rejection(hooks.fire("stop"))
    await pause(50)
    one.abort(reason)
    assert.strictEqual(await first, reason)
    await hooks.close()
    assert.match((await second).message, /closed/)
    assert.match((await rejection(hooks.fire("stop"))).message, /closed/)
  })
})

describe("an execution on a server", () => {
  const config = {
    file: "own.yaml",
    text: "hooks: [{ on: execution_start, run: 'echo started' }, { on: stop, run: cat }, { on: execution_end, run: cat }]\n"
  }

  it("runs start hooks, the work and end hooks, and fires within it have its context", async () => {
    await using server = await openContractServer()
    await using hooks = await connectHooks({ url: server.url, key: server.key, config, cwd: folder })
    const value = await hooks.execution(
      async ({ id, start, fire }) => {
        assert.strictEqual(start.outcomes[0]!.stdout, "started\n")
        const seen = JSON.parse((await fire("stop", { lastMessage: "m" })).outcomes[0]!.stdout)
        assert.deepInclude(seen, { executionId: id, sessionId: "s1", lastMessage: "m", cwd: folder })
        assert.notProperty(server.to(/fires/)[0]!.body, "hooks")
        return 42
      },
      { sessionId: "s1" }
    )
    assert.strictEqual(value, 42)
    assert.deepStrictEqual(server.to(/end$/)[0]!.body, { outcome: "success" })

    const thrown = new Error("disk full")
    assert.strictEqual(await rejection(hooks.execution(() => Promise.reject(thrown))), thrown)
    assert.deepStrictEqual(server.to(/end$/)[1]!.body, { outcome: "error", error: "disk full" })
  })

  it("that its start hooks refuse ends, and its work does not run", async () => {
    await using server = await openContractServer()
    const refusing = { file: "own.yaml", text: "hooks: [{ on: execution_start, run: 'echo no >&2; exit 2' }]\n" }
    await using hooks = await connectHooks({ url: server.url, key: server.key, config: refusing })
    assert.instanceOf(await rejection(hooks.execution(() => assert.fail("ran"))), ExecutionRefused)
    assert.deepStrictEqual(server.to(/end$/)[0]!.body, { outcome: "aborted" })
  })

  it("ends for sure: again with the same key after a broken connection, 503 and 429", async () => {
    await using server = await openContractServer()
    await using hooks = await connectHooks({ url: server.url, key: server.key, config })
    const { id, end } = await hooks.startExecution({ executionId: "ex/1" })
    assert.strictEqual(id, "ex/1")
    const inUse = {
      type: "t",
      title: "t",
      status: 409,
      errors: [{ field: "headers.idempotency-key", message: "in use" }]
    }
    server.fail(
      "/v1/executions/ex%2F1/end",
      "break",
      { status: 503 },
      { status: 409, body: inUse },
      { status: 429, headers: { "retry-after": "0" } }
    )
    const report = await end({ outcome: "error", error: new Error("late"), output: { n: 1 } })
    assert.strictEqual(report.event, "execution_end")
    const sent = server.to(/end$/)
    assert.lengthOf(sent, 5)
    assert.lengthOf(new Set(sent.map(({ headers }) => headers["idempotency-key"])), 1)
    assert.isString(sent[0]!.headers["idempotency-key"])
    assert.deepStrictEqual(sent[4]!.body, { outcome: "error", error: "late", output: { n: 1 } })
    assert.strictEqual(await end({ outcome: "success" }), report)
    assert.lengthOf(server.to(/end$/), 5)
  })

  it("whose end was rejected may be ended again", async () => {
    await using server = await openContractServer()
    await using hooks = await connectHooks({ url: server.url, key: server.key, config })
    const { end } = await hooks.startExecution({ executionId: "ex_1" })
    server.fail("/v1/executions/ex_1/end", { status: 500 }, "silence")
    assert.deepInclude(await rejection(end({ outcome: "success" })), { status: 500 })
    const reason = new Error("enough")
    const abort = new AbortController()
    const second = rejection(end({ outcome: "success" }, { signal: abort.signal }))
    while (server.to(/end$/).length < 2) await pause(10)
    abort.abort(reason)
    assert.strictEqual(await second, reason)
    const report = await end({ outcome: "success" })
    assert.strictEqual(report.event, "execution_end")
    assert.strictEqual(await end({ outcome: "error" }), report)
    assert.lengthOf(server.to(/end$/), 3)
  })

  it("does not wait longer than it may for a server that is busy", async () => {
    await using server = await openContractServer()
    await using hooks = await connectHooks({ url: server.url, key: server.key, config })
    const { end } = await hooks.startExecution({ executionId: "ex_1" })
    server.fail("/v1/executions/ex_1/end", { status: 429, headers: { "retry-after": "3600" } })
    assert.deepInclude(await rejection(end({ outcome: "success" })), { status: 429 })
  })

  it("holds its lease until it ends", async () => {
    await using server = await openContractServer()
    await using hooks = await connectHooks({ url: server.url, key: server.key, config, leaseMs: 1000 })
    const { end } = await hooks.startExecution({ executionId: "ex_1" })
    server.fail("/v1/executions/ex_1/lease", "break")
    const until = performance.now() + 60_000
    while (server.to(/lease$/).length < 3 && performance.now() < until) await pause(20)
    assert.isAtLeast(server.to(/lease$/).length, 3)
    await end({ outcome: "success" })
    const beats = server.to(/lease$/).length
    await pause(500)
    assert.strictEqual(server.to(/lease$/).length, beats)
    assert.strictEqual(server.to(/executions$/)[0]!.body.leaseMs, 1000)
  })

  it("whose start is broken off is ended on the server", async () => {
    await using server = await openContractServer()
    await using hooks = await connectHooks({ url: server.url, key: server.key, config })
    server.fail("/v1/executions", "silence")
    const abort = new AbortController()
    const starting = rejection(hooks.startExecution({ executionId: "ex_1" }, { signal: abort.signal }))
    const until = performance.now() + 60_000
    while (server.got.length === 0 && performance.now() < until) await pause(10)
    abort.abort()
    assert.strictEqual((await starting).name, "AbortError")
    assert.deepInclude(server.to(/ex_1\/end$/)[0]!.body, { outcome: "aborted" })
  })
})
