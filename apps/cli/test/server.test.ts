/** Hooks on a server: one that speaks the HTTP contract and does what a test needs, and one of `tenterhook serve`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { relative } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { connectHooks } from "@tenterhook/sdk/connect"
import { makeFolder, pause } from "./tenterhook.ts"

interface Got {
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly body: any
}

/** Asks the command line itself what the hooks say. `answer` may answer in its place with a status and a body, never (`null`), or leave it be. */
const openServer = async (answer: (got: Got) => readonly [number, unknown] | null | undefined = () => undefined) => {
  const there = makeFolder()
  const got: Array<Got> = []
  const started = new Map<string, Got["body"]>()
  const ask = async (command: string, { hooks, event, context }: any) => {
    const [{ file, folder }] = hooks.configs
    const args = [command, event, "--config", file, "--context", JSON.stringify(context), "--json"]
    const { stdout, stderr, code } = await there.run(args, { in: relative(there.path, folder) })
    if (stdout === "") throw new Error(`${code}: ${stderr}`)
    return JSON.parse(stdout)
  }
  const usual = async ({ path, body }: Got): Promise<readonly [number, unknown]> => {
    if (path === "/v1/fires") return [200, await ask("fire", body)]
    if (path === "/v1/explain") return [200, await ask("explain", body)]
    if (path === "/v1/executions") {
      started.set(body.id, body)
      const context = { ...body.context, executionId: body.id }
      return [201, { start: await ask("fire", { ...body, event: "execution_start", context }), leaseMs: 60_000 }]
    }
    const id = path.split("/")[3]!
    const { context, hooks } = started.get(id)
    return [200, { end: await ask("fire", { hooks, event: "execution_end", context: { ...context, ...body } }) }]
  }
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    let text = ""
    for await (const part of request) text += part
    const one: Got = { path: request.url!, headers: request.headers, body: JSON.parse(text) }
    got.push(one)
    const instead = answer(one)
    if (instead === null) return
    const [status, value] = instead ?? (await usual(one))
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
  }
  const server = createServer((request, response) => void respond(request, response))
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(close)
  return { url, got, close, to: (path: RegExp) => got.filter((one) => path.test(one.path)) }
}

const problem = (status: number, detail: string, errors: ReadonlyArray<object> = []) =>
  [status, { type: "urn:test", title: "a problem", status, detail, errors }] as const

const key = { env: { TENTERHOOK_KEY: "th_secret\n" } }
const guard = { "own.yaml": `hooks: [{ name: guard, on: pre_tool_use, run: "echo not here >&2; exit 2" }]\n` }
const around = {
  "own.yaml": `hooks:
  - { on: execution_start, run: "echo from-start" }
  - { on: execution_end, run: "cat > end.json; echo from-end" }
`
}

describe("--server", () => {
  it("fires there with the same output and exit code, and the key of the environment", async () => {
    const server = await openServer()
    const folder = makeFolder(guard)
    const args = ["fire", "pre_tool_use", "--set", "tool.name=bash", "--config", "own.yaml"]
    const here = await folder.run(args)
    const there = await folder.run([...args, "--server", server.url], key)
    assert.strictEqual(there.code, 3, there.stderr)
    const steady = (text: string) => text.replace(/\d+(\.\d+)? m?s/g, "")
    assert.strictEqual(steady(there.stdout), steady(here.stdout))
    const json = await folder.run([...args, "--server", server.url, "--key", "th_other", "--json"], key)
    assert.deepInclude(JSON.parse(json.stdout), { verdict: "deny", proceed: false })
    assert.deepStrictEqual(
      server.got.map(({ headers }) => headers.authorization),
      ["Bearer th_secret", "Bearer th_other"]
    )
    const { context, hooks } = server.got[0]!.body
    assert.deepStrictEqual(context, { tool: { name: "bash" }, cwd: folder.path })
    assert.deepStrictEqual(hooks.configs[0], { file: "own.yaml", text: guard["own.yaml"], folder: folder.path })
  })

  it("explains there", async () => {
    const server = await openServer()
    const folder = makeFolder(guard)
    const args = ["explain", "pre_tool_use", "--config", "own.yaml"]
    const there = await folder.run([...args, "--server", server.url])
    assert.strictEqual(there.stdout, (await folder.run(args)).stdout)
    assert.strictEqual(there.code, 0)
  })

  it("names an agent or a hook set", async () => {
    const server = await openServer(() => problem(404, `there is no agent "ag_9"`))
    const folder = makeFolder()
    const ended = await folder.run(["fire", "stop", "--server", server.url, "--agent", "ag_9"])
    assert.deepInclude(ended, { code: 2, stdout: "" })
    assert.match(ended.stderr, /there is no agent "ag_9"/)
    await folder.run(["explain", "stop", "--server", server.url, "--hook-set", "hs_9"])
    assert.deepInclude(server.got[0]!.body, { agentId: "ag_9" })
    assert.deepInclude(server.got[1]!.body, { hookSetId: "hs_9" })
  })

  it("tells a refusal with exit code 2, and what is the server's own trouble with 1", async () => {
    const answers = [
      problem(401, "no such key"),
      problem(403, "the key lacks hooks:write"),
      problem(422, "the config cannot be loaded", [{ field: "hooks[0]", message: "odd", file: "own.yaml", line: 1 }]),
      problem(429, "too many"),
      problem(500, "a fault")
    ]
    let next = 0
    const server = await openServer(() => answers[next++])
    const folder = makeFolder(guard)
    const said: ReadonlyArray<readonly [number, RegExp]> = [
      [2, /no such key\n.*TENTERHOOK_KEY/],
      [2, /the key lacks hooks:write\n.*TENTERHOOK_KEY/],
      [2, /the config cannot be loaded\nown\.yaml:1: hooks\[0\]: odd/],
      [1, /too many/],
      [1, /a fault/]
    ]
    for (const [code, words] of said) {
      const ended = await folder.run(["fire", "stop", "--server", server.url, "--config", "own.yaml"])
      assert.strictEqual(ended.code, code, ended.stderr)
      assert.match(ended.stderr, words)
      assert.notMatch(ended.stderr, /^\s+at /m)
    }
    server.close()
    const gone = await folder.run(["fire", "stop", "--server", server.url, "--config", "own.yaml"])
    assert.strictEqual(gone.code, 1)
    assert.match(gone.stderr, /cannot reach the server at http:\/\/127\.0\.0\.1:\d+: nobody listens there/)
  })

  it("refuses flags that make no sense together", async () => {
    const folder = makeFolder(guard)
    const server = ["--server", "http://127.0.0.1:1"]
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["--agent", "ag_1"], /--agent is for hooks on a server, and there is no --server/],
      [["--key", "th_1"], /--key is for hooks on a server/],
      [server, /whose hooks\?/],
      [[...server, "--agent", "a", "--hook-set", "h"], /--agent and --hook-set name different hooks/],
      [[...server, "--agent", "a", "--config", "own.yaml"], /--agent and --config name different hooks/],
      [[...server, "--agent", "a", "--mode", "upstream"], /--mode is for --config/],
      [[...server, "--agent", "a", "--shared", "."], /--shared is for hooks that run here/],
      [[...server, "--agent", "a", "--allow", "127.0.0.1"], /--allow is for hooks that run here/],
      [["--server", "localhost:4700", "--agent", "a"], /expected http:\/\/ or https:\/\//],
      [[...server, "--config", "gone.yaml"], /gone\.yaml.*no such file/]
    ]
    for (const [args, words] of cases) {
      const ended = await folder.run(["fire", "stop", ...args])
      assert.strictEqual(ended.code, 2, `${args.join(" ")}: ${ended.stderr}`)
      assert.match(ended.stderr, words)
    }
  })

  it("--timeout ends the wait", async () => {
    const server = await openServer(() => null)
    const folder = makeFolder()
    const args = ["fire", "stop", "--server", server.url, "--agent", "ag_1"]
    const late = await folder.run([...args, "--timeout", "300ms"])
    assert.deepInclude(late, { code: 124, stdout: "" })
    assert.match(late.stderr, /stopped after 300 ms/)
  })
})

describe("exec --server", () => {
  it("starts there, runs the command here, and ends there with how it went", async () => {
    const server = await openServer()
    const folder = makeFolder(around)
    const args = ["exec", "--server", server.url, "--config", "own.yaml", "--set", "sessionId=s1"]
    const ended = await folder.run([...args, "--report", "report.json", "--", "sh", "-c", "pwd; exit 7"])
    assert.strictEqual(ended.code, 7, ended.stderr)
    assert.strictEqual(ended.stdout, `${folder.path}\n`)
    for (const said of ["from-start", "from-end"]) assert.include(ended.stderr, said)
    const seen = JSON.parse(folder.read("end.json"))
    assert.deepInclude(seen, { outcome: "error", error: "exit code 7", sessionId: "s1" })
    const report = JSON.parse(folder.read("report.json"))
    assert.deepInclude(report, { exitCode: 7 })
    assert.deepInclude(report.end, { event: "execution_end" })
  })

  it("does not run what a start hook refuses, nor anything where the start got no answer", async () => {
    const server = await openServer()
    const folder = makeFolder({ "own.yaml": `hooks: [{ on: execution_start, run: "echo no >&2; exit 2" }]\n` })
    const args = ["exec", "--server", server.url, "--config", "own.yaml", "--", "touch", "ran"]
    assert.strictEqual((await folder.run(args)).code, 3)
    assert.deepInclude(server.to(/end$/)[0]!.body, { outcome: "aborted" })
    server.close()
    assert.strictEqual((await folder.run(args)).code, 1)
    assert.isFalse(folder.has("ran"))
  })

  it("a signal that reaches only it is forwarded, and the execution ends as aborted", async () => {
    const server = await openServer()
    const folder = makeFolder(around)
    const args = [
      "exec",
      "--server",
      server.url,
      "--config",
      "own.yaml",
      "--",
      "sh",
      "-c",
      "echo up > up; exec sleep 300"
    ]
    const started = folder.start(args)
    await folder.appears("up")
    started.child.kill("SIGTERM")
    assert.strictEqual((await started.ended).code, 143)
    assert.deepInclude(server.to(/end$/)[0]!.body, { outcome: "aborted", error: "ended by SIGTERM" })
  })

  it("a signal while the start hooks run ends the execution there", async () => {
    const server = await openServer(({ path }) => (path === "/v1/executions" ? null : problem(404, "gone")))
    const folder = makeFolder()
    const started = folder.start(["exec", "--server", server.url, "--agent", "ag_1", "--", "touch", "ran"])
    const until = performance.now() + 60_000
    while (server.got.length === 0 && performance.now() < until) await pause(20)
    started.child.kill("SIGINT")
    const ended = await started.ended
    assert.strictEqual(ended.code, 130)
    assert.match(ended.stderr, /interrupted by SIGINT; the command was not run/)
    assert.isFalse(folder.has("ran"))
    assert.deepInclude(server.to(/end$/)[0]!.body, { outcome: "aborted" })
  })

  it("keeps the command's exit code, or fails, where the end gets no report", async () => {
    const server = await openServer(({ path }) =>
      path.endsWith("/end") ? problem(409, "it ended as aborted: the lease ran out") : undefined
    )
    const folder = makeFolder(around)
    const args = ["exec", "--server", server.url, "--config", "own.yaml", "--"]
    const failed = await folder.run([...args, "sh", "-c", "exit 7"])
    assert.strictEqual(failed.code, 7)
    assert.match(failed.stderr, /the end hooks gave no report: it ended as aborted/)
    assert.strictEqual((await folder.run([...args, "true"])).code, 1)
  })
})

describe("a server of tenterhook serve", () => {
  const serve = async () => {
    const there = makeFolder()
    const { child, ended } = there.start(["serve", "--port", "0", "--data", "data", "--json"])
    onTestFinished(async () => {
      child.kill("SIGTERM")
      await ended
    })
    const line = new Promise<string>((done) => child.stdout!.on("data", (chunk) => done(String(chunk))))
    const said = await Promise.race([line, ended])
    if (typeof said !== "string") throw new Error(`serve ended: ${said.stderr}`)
    return JSON.parse(said) as { readonly url: string; readonly key: string }
  }

  it("gives the reports and exit codes of hooks that run here", async () => {
    const { url, key } = await serve()
    const folder = makeFolder({ ...guard, "around.yaml": around["own.yaml"], "bad.yaml": "hooks: [{ on: stop }]\n" })
    const both = async (args: ReadonlyArray<string>) => {
      const here = await folder.run(args)
      const there = await folder.run([...args, "--server", url], { env: { TENTERHOOK_KEY: key } })
      assert.strictEqual(there.code, here.code, there.stderr)
      return { here, there }
    }
    const fire = ["fire", "pre_tool_use", "--config", "own.yaml", "--set", "tool.name=bash", "--json"]
    const fired = await both(fire)
    const steady = (text: string) => text.replace(/"fireId": "\w+"/, "").replace(/"durationMs": [\d.]+/, "")
    assert.strictEqual(steady(fired.there.stdout), steady(fired.here.stdout))
    const explained = await both(["explain", "pre_tool_use", "--config", "own.yaml", "--json"])
    assert.strictEqual(explained.there.stdout, explained.here.stdout)
    const refused = await both(["fire", "stop", "--config", "bad.yaml"])
    assert.strictEqual(refused.there.stderr, refused.here.stderr)
    assert.strictEqual(refused.there.code, 2)

    const exec = ["exec", "--config", "around.yaml", "--server", url, "--key", key, "--", "sh", "-c", "exit 7"]
    assert.strictEqual((await folder.run(exec)).code, 7)
    assert.deepInclude(JSON.parse(folder.read("end.json")), { outcome: "error", error: "exit code 7" })
    const unknown = await folder.run([...fire, "--server", url, "--key", "th_none"])
    assert.strictEqual(unknown.code, 2)
    assert.match(unknown.stderr, /key/)
  })

  it("ends an execution of the SDK when its host is silent, and not before", async () => {
    const { url, key } = await serve()
    const { path } = makeFolder()
    const hooks = await connectHooks({ url, key, hooks: [{ on: "stop", run: "echo hi" }], cwd: path, leaseMs: 4000 })
    const { id, fire } = await hooks.startExecution()
    const look = async () => {
      const answer = await fetch(`${url}/v1/executions/${id}`, { headers: { authorization: `Bearer ${key}` } })
      return (await answer.json()) as { readonly status: string; readonly outcome: string | null }
    }
    await pause(6000)
    assert.deepInclude(await look(), { status: "running" })
    assert.strictEqual((await fire("stop")).outcomes[0]!.stdout, "hi\n")
    await hooks.close()
    const until = performance.now() + 60_000
    while ((await look()).status !== "ended" && performance.now() < until) await pause(100)
    assert.deepInclude(await look(), { status: "ended", outcome: "aborted" })
  })
})
