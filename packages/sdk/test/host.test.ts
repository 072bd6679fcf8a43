/** What a host has beside its hooks: tools, requests, endpoints. Real MCP servers are tested in tool-call. */
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generateSecret, verify } from "@tenterhook/webhook/signature"
import { Webhook } from "standardwebhooks"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { createHooks } from "../src/index.ts"

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenterhook-sdk-host-")))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  return assert.fail("did not reject")
}

interface Got {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Answers with the statuses in turn; the last repeats. */
const openReceiver = async (statuses: ReadonlyArray<number>) => {
  const got: Array<Got> = []
  const server = createServer(async (request, response) => {
    let body = ""
    for await (const part of request) body += part
    response.writeHead(statuses[Math.min(got.length, statuses.length - 1)]!).end()
    got.push({ headers: request.headers, body })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    got,
    place,
    url: `http://${place}`,
    [Symbol.dispose]: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}

const wacht = { execution_start: [{ tool_name: "echo", args: { a: 1 } }] }
const echo = { name: "echo", run: (input: unknown) => input }

describe("tools", () => {
  it("are functions of the host", async () => {
    const hooks = [{ on: "stop", call: "add", with: { a: 2, b: 3 } }]
    const add = { name: "add", run: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }) }
    await using opened = await createHooks({ hooks, cwd: folder, tools: [add] })
    assert.deepInclude((await opened.fire("stop")).outcomes[0], {
      status: "succeeded",
      output: { sum: 5 },
      adapter: "tool"
    })
    assert.deepStrictEqual(
      (await opened.tools()).map(({ server, tools }) => [server, tools.map(({ name }) => name)]),
      [[null, ["add"]]]
    )
  })

  it("may come with a shared folder", async () => {
    const hooks = [
      { on: "execution_end", call: "append_file", with: { path: "/shared/log.md", content: "done\n" } },
      { on: "execution_end", call: "read_file", with: { path: "/shared/../../etc/passwd" } }
    ]
    await using opened = await createHooks({ hooks, cwd: folder, tools: { folder: join(folder, "shared") } })
    const { outcomes } = await opened.fire("execution_end")
    assert.deepStrictEqual(
      outcomes.map(({ status }) => status),
      ["succeeded", "failed"]
    )
    assert.strictEqual(readFileSync(join(folder, "shared/log.md"), "utf8"), "done\n")
  })

  it("on MCP servers start where the hooks are, not where the process is", async () => {
    mkdirSync(join(folder, "below"))
    const server = { command: "sh", args: ["-c", 'pwd > "$0"'] }
    const servers = {
      here: { ...server, args: [...server.args, join(folder, "here")] },
      below: { ...server, args: [...server.args, join(folder, "below.txt")], cwd: "below" }
    }
    await using opened = await createHooks({ hooks: [], cwd: folder, tools: { servers: { mcpServers: servers } } })
    await opened.tools()
    assert.strictEqual(readFileSync(join(folder, "here"), "utf8"), `${folder}\n`)
    assert.strictEqual(readFileSync(join(folder, "below.txt"), "utf8"), `${join(folder, "below")}\n`)
  })

  it("that are not as they should be are refused before anything is fired", async () => {
    const twice = await rejection(createHooks({ hooks: [], cwd: folder, tools: [echo, echo] }))
    assert.match(twice.message, /"echo": there are two of that name/)
    const servers = await rejection(createHooks({ hooks: [], cwd: folder, tools: { servers: { x: { args: [] } } } }))
    assert.match(servers.message, /mcpServers\.x: expected "command"/)
  })

  it("that nobody has are missing, and a host's own adapter takes the place of ours", async () => {
    const hooks = [{ on: "stop", call: "gone" }]
    await using without = await createHooks({ hooks, cwd: folder })
    assert.deepInclude((await without.fire("stop")).outcomes[0], { status: "failed", reason: "missing" })
    const own = { kind: "tool", run: async () => ({ value: "mine" }) }
    await using replaced = await createHooks({ hooks, cwd: folder, adapters: [own] })
    assert.deepInclude((await replaced.fire("stop")).outcomes[0], { status: "succeeded", output: "mine" })
  })
})

describe("requests", () => {
  it("reach public addresses, and places that are allowed", async () => {
    using receiver = await openReceiver([204])
    const hooks = [{ on: "stop", post: receiver.url }]
    await using closed = await createHooks({ hooks, cwd: folder })
    assert.deepInclude((await closed.fire("stop")).outcomes[0], { status: "failed", reason: "spawn" })
    assert.lengthOf(receiver.got, 0)
    await using open = await createHooks({ hooks, cwd: folder, allow: [receiver.place] })
    assert.deepInclude((await open.fire("stop")).outcomes[0], { status: "succeeded" })
    assert.strictEqual(JSON.parse(receiver.got[0]!.body).event, "stop")
    assert.match((await rejection(createHooks({ hooks, cwd: folder, allow: ["everything"] }))).message, /allow-list/)
  })
})

describe("endpoints", () => {
  it("get what dialects announce, signed", async () => {
    using receiver = await openReceiver([200])
    const secret = generateSecret()
    await using hooks = await createHooks({
      dialect: "wacht",
      hooks: wacht,
      cwd: folder,
      tools: [echo],
      allow: [receiver.place],
      endpoints: [{ url: receiver.url, secret, events: ["agent.*"] }]
    })
    await hooks.fire("execution_start", { agent: { id: "a1" } })
    assert.deepStrictEqual(await hooks.deliver(), { pending: 0 })
    assert.lengthOf(receiver.got, 1)
    const { id } = verify(receiver.got[0]!, secret)
    assert.match(id, /^msg_/)
    new Webhook(secret).verify(receiver.got[0]!.body, receiver.got[0]!.headers as Record<string, string>)
    assert.deepNestedInclude(JSON.parse(receiver.got[0]!.body), {
      type: "agent.execution_start_hook.succeeded",
      "data.agent_id": "a1",
      "data.output.a": 1
    })
    assert.strictEqual(readFileSync(join(folder, ".tenterhook/.gitignore"), "utf8"), "*\n")
  })

  it("get what was left by the next host that uses the folder, with the same id", async () => {
    using receiver = await openReceiver([503, 200])
    const endpoint = { url: receiver.url, secret: generateSecret(), rules: { delaysMs: [4000], jitter: 0 } }
    const options = { cwd: folder, tools: [echo], allow: [receiver.place], dataFolder: "data" }
    const first = await createHooks({ ...options, dialect: "wacht", hooks: wacht, endpoints: [endpoint] })
    await first.fire("execution_start")
    assert.deepStrictEqual(await first.deliver({ timeoutMs: 100 }), { pending: 1 })
    await first.close()
    await using second = await createHooks({ ...options, dialect: "wacht", hooks: wacht })
    assert.deepStrictEqual(await second.deliver({ timeoutMs: 60_000 }), { pending: 0 })
    assert.lengthOf(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])), 1)
    assert.lengthOf(receiver.got, 2)
  })

  it("that are no longer named get nothing, and what was held is not lost", async () => {
    using receiver = await openReceiver([200])
    const options = { cwd: folder, tools: [echo], allow: [receiver.place], dialect: "wacht", hooks: wacht }
    const endpoint = { url: receiver.url, secret: generateSecret() }
    await (await createHooks({ ...options, endpoints: [endpoint] })).close()
    await using without = await createHooks({ ...options, endpoints: [] })
    await without.fire("execution_start")
    await without.deliver({ timeoutMs: 500 })
    assert.lengthOf(receiver.got, 0)
    await using again = await createHooks({ ...options, endpoints: [endpoint] })
    await again.fire("execution_start")
    await again.deliver()
    assert.lengthOf(receiver.got, 1)
  })

  it("that cannot be saved are refused, and say why", async () => {
    const refused = (endpoint: object) =>
      rejection(
        createHooks({
          hooks: [],
          cwd: folder,
          endpoints: [{ url: "https://93.184.215.14", secret: generateSecret(), ...endpoint }]
        })
      )
    assert.match((await refused({ url: "http://169.254.169.254/" })).message, /metadata/)
    assert.match((await refused({ secret: "whsec_c2hvcnQ=" })).message, /secret/)
    assert.match((await refused({ mode: "often" })).message, /mode: expected one of standard/)
    assert.match(
      (await refused({ rules: { delaysMs: [0] } })).message,
      /rules\.delaysMs: expected 1 to 100 whole numbers/
    )
  })

  it("cost nothing where nobody is to hear of anything", async () => {
    await using hooks = await createHooks({ dialect: "wacht", hooks: wacht, cwd: folder, tools: [echo] })
    await hooks.fire("execution_start")
    assert.deepStrictEqual(await hooks.deliver(), { pending: 0 })
    assert.isFalse(existsSync(join(folder, ".tenterhook")))
  })
})
