/** Tools, endpoints and what is left of deliveries, with the built program. */
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { verify } from "@tenterhook/webhook/signature"
import { assert, describe, it, onTestFinished } from "vitest"
import { makeFolder } from "./tenterhook.ts"

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
}
`
const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/** An MCP server on stdio, in a few lines of nobody's library. */
const server = `import { createInterface } from "node:readline"
const say = (id, result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }))
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === "initialize") say(id, { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } })
  if (method === "tools/list") say(id, { tools: [{ name: "greet", description: "Greets.", inputSchema: { type: "object" } }] })
  if (method === "tools/call") say(id, { content: [{ type: "text", text: "hello " + params.arguments.name }] })
})
`
const tools = JSON.stringify({ mcpServers: { polite: { command: process.execPath, args: ["server.mjs"], cwd: "." } } })

const openReceiver = async (statuses: ReadonlyArray<number>) => {
  const got: Array<{ readonly headers: IncomingHttpHeaders; readonly body: string }> = []
  const server = createServer(async (request, response) => {
    let body = ""
    for await (const part of request) body += part
    response.writeHead(statuses[Math.min(got.length, statuses.length - 1)]!).end()
    got.push({ headers: request.headers, body })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoints = (rules?: object) =>
    JSON.stringify({
      allow: [place],
      endpoints: [{ url: `http://${place}`, secret: { env: "HOOK_SECRET" }, events: ["agent.*"], ...rules }]
    })
  return { got, endpoints }
}

describe("tools", () => {
  it("of an MCP server are called, and listed with the hooks", async () => {
    const config = "hooks: [{ on: stop, call: greet, with: { name: Ada } }]\n"
    const folder = makeFolder({ "tenterhook.yaml": config, "mcp.json": tools, "server.mjs": server })
    const fired = await folder.run(["fire", "stop", "--tools", "mcp.json", "--json"])
    assert.strictEqual(fired.code, 0, fired.stderr)
    assert.deepInclude(JSON.parse(fired.stdout).outcomes[0], { status: "succeeded", output: "hello Ada" })
    const listed = await folder.run(["list", "--tools", "mcp.json", "--shared", "files"])
    assert.include(listed.stdout, "polite: 1 tool\n  greet  Greets.")
    assert.include(listed.stdout, "(this host): 2 tools\n  read_file")
    assert.deepInclude(JSON.parse((await folder.run(["list", "--tools", "mcp.json", "--json"])).stdout).tools[0], {
      server: "polite",
      problem: null
    })
  })

  it("that cannot be had are told, with exit code 2 where the file is wrong", async () => {
    const folder = makeFolder({
      "tenterhook.yaml": "hooks: [{ on: stop, call: greet }]\n",
      "wrong.json": '{ "mcpServers": { "a": { "url": "example" } } }',
      "gone.json": '{ "mcpServers": { "a": { "command": "./no-such-program" } } }'
    })
    const wrong = await folder.run(["fire", "stop", "--tools", "wrong.json"])
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.stderr, "wrong.json: mcpServers.a.url: expected an http or https address")
    const gone = JSON.parse((await folder.run(["fire", "stop", "--tools", "gone.json", "--json"])).stdout)
    assert.deepInclude(gone.outcomes[0], { status: "failed", reason: "spawn" })
    assert.include((await folder.run(["list", "--tools", "gone.json"])).stdout, "no-such-program")
  })
})

describe("announcements", () => {
  it("of the documented hooks reach a receiver, signed, with real files", async () => {
    const { got, endpoints } = await openReceiver([200])
    const folder = makeFolder({
      "agent.json": documented,
      "endpoints.json": endpoints(),
      "files/context.md": "Frozen.\n"
    })
    const host = ["--config", "agent.json", "--shared", "files", "--endpoints", "endpoints.json"]
    const ended = await folder.run(["exec", ...host, "--set", "agent.id=a1", "--", "sh", "-c", "exit 5"], {
      env: { HOOK_SECRET: secret }
    })
    assert.strictEqual(ended.code, 5, ended.stderr)
    assert.strictEqual(folder.read("files/run-log.md"), "Execution finished.")
    for (const message of got) verify(message, secret)
    assert.deepStrictEqual(
      got.map(({ body }) => JSON.parse(body)).map(({ type, data }) => [type, data.agent_id, data.output]),
      [
        ["agent.execution_start_hook.succeeded", "a1", "Frozen.\n"],
        ["agent.execution_end_hook.succeeded", "a1", { path: "/shared/run-log.md", appended: 19 }]
      ]
    )
    assert.isTrue(folder.has(".tenterhook/outbox.db"))
    const listed = JSON.parse((await folder.run(["deliveries", "--json"])).stdout)
    assert.deepStrictEqual(
      listed.deliveries.map(({ status, attempts }: { status: string; attempts: number }) => [status, attempts]),
      [
        ["delivered", 1],
        ["delivered", 1]
      ]
    )
  })

  it("of an endpoints file with every rule, rules.windowMs among them, and a sentence for one that is none", async () => {
    const { endpoints } = await openReceiver([200])
    const rules = { attempts: 2, delaysMs: [1000], jitter: 0, windowMs: 60_000, retries: "any", timeoutMs: 5000 }
    const folder = makeFolder({ "tenterhook.yaml": "hooks: []\n", "endpoints.json": endpoints({ rules }) })
    const env = { HOOK_SECRET: secret }
    const fire = () => folder.run(["fire", "stop", "--endpoints", "endpoints.json"], { env })
    assert.strictEqual((await fire()).code, 0)
    folder.write("endpoints.json", endpoints({ rules: { windowMs: null } }))
    assert.strictEqual((await fire()).code, 0)
    folder.write("endpoints.json", endpoints({ rules: { windowMS: 1, jitter: 2 } }))
    const refused = await fire()
    assert.strictEqual(refused.code, 2)
    assert.match(
      refused.stderr,
      /endpoints\.json: endpoints\[0\]\.rules: unknown key "windowMS"; did you mean "windowMs"\?/
    )
    assert.match(refused.stderr, /endpoints\.json: endpoints\[0\]\.rules\.jitter/)
  })

  it("that are left go with deliver, under the same id", async () => {
    const { got, endpoints } = await openReceiver([503, 200])
    const later = endpoints({ rules: { delaysMs: [12_000], jitter: 0 } })
    const folder = makeFolder({ "agent.json": documented, "endpoints.json": later })
    const env = { HOOK_SECRET: secret }
    const host = ["--config", "agent.json", "--shared", "files", "--endpoints", "endpoints.json", "--data", "data"]
    const fired = await folder.run(["fire", "execution_end", ...host], { env })
    assert.strictEqual(fired.code, 0)
    assert.include(fired.stderr, "1 delivery waits for its next try")
    assert.match((await folder.run(["deliveries", "--data", "data"])).stdout, /pending.*execution_end_hook\.succeeded/)
    const sent = await folder.run(["deliver", "--data", "data", "--endpoints", "endpoints.json", "--timeout", "90s"], {
      env
    })
    assert.include(sent.stdout, "1 delivered, 0 given up")
    assert.lengthOf(got, 2)
    assert.strictEqual(got[0]!.headers["webhook-id"], got[1]!.headers["webhook-id"])
  })

  it("have endpoints that are checked before anything runs", async () => {
    const endpoints = (text: string) => `{ "endpoints": [ ${text} ] }`
    const folder = makeFolder({
      "agent.json": documented,
      "typo.json": endpoints(`{ "url": "https://93.184.215.14", "secrt": "x" }`),
      "local.json": endpoints(`{ "url": "http://localhost:80/", "secret": "${secret}" }`),
      "unset.json": endpoints(`{ "url": "https://93.184.215.14", "secret": { "env": "NOT_SET" } }`)
    })
    const refused = async (file: string) => {
      const { code, stderr } = await folder.run([
        "fire",
        "execution_start",
        "--config",
        "agent.json",
        "--endpoints",
        file
      ])
      assert.strictEqual(code, 2)
      return stderr
    }
    assert.match(await refused("typo.json"), /typo\.json: endpoints\[0\]\.sec/)
    assert.include(await refused("local.json"), "localhost:80 is refused")
    assert.include(await refused("unset.json"), "unset.json: endpoints[0].secret: the environment has no NOT_SET")
    const none = await folder.run(["deliver", "--data", "nowhere"])
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "nothing was announced here")
  })
})
