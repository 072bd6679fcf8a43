/** A host as people write it. Prints one line of JSON for each check: its name and what came. Runs on node, bun and deno. */
import { connectHooks, createHooks } from "@tenterhook/sdk"
import { createServer } from "node:http"

const bash = { tool: { name: "bash", input: { command: "rm -rf /" } } }
const gate = (run, more = {}) => [{ name: "guard", on: "pre_tool_use", run, onFailure: "block", ...more }]
const env = { ...process.env, MARK: process.env.MARK ?? "" }

const fired = async (options, { event = "pre_tool_use", context = bash, ...more } = {}) => {
  const hooks = await createHooks({ env, ...options })
  try {
    return await hooks.fire(event, context, more)
  } finally {
    await hooks.close()
  }
}
const verdictOf = ({ verdict, proceed, reasons }) => [verdict, proceed, reasons.map(({ text }) => text).join()]
const rejectionOf = (promise) =>
  promise.then(
    () => "resolved",
    (error) => error.message
  )

/** Answers each request with the next of these, and keeps what came. */
const receiver = async (...answers) => {
  const got = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (part) => (body += part))
    request.on("end", () => {
      got.push({ url: request.url, headers: request.headers, body })
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify(answers.shift() ?? {}))
    })
  })
  await new Promise((done) => server.listen(0, "127.0.0.1", done))
  const place = `127.0.0.1:${server.address().port}`
  return { got, place, url: `http://${place}/hook`, close: () => new Promise((done) => server.close(done)) }
}

const checks = {
  "a deny by exit code 2": async () => verdictOf(await fired({ hooks: gate("echo no >&2; exit 2") })),
  "a deny as JSON on stdout": async () =>
    verdictOf(await fired({ hooks: gate(`echo '{"verdict":"deny","reason":"no"}'`) })),
  "a deny that comes in pieces": async () =>
    verdictOf(await fired({ hooks: gate(`printf '{"verdict":'; sleep 0.2; printf '"deny","reason":"late"}'`) })),
  "a deny through /dev/stderr": async () => verdictOf(await fired({ hooks: gate("echo no > /dev/stderr; exit 2") })),
  "a deny by a program that reads the event": async () =>
    verdictOf(await fired({ hooks: gate(`grep -q 'rm -rf' && { echo "it deletes" >&2; exit 2; } || true`) })),
  "half a megabyte of stdin": async () => {
    const context = { tool: { name: "bash", input: { command: "x".repeat(500_000) } } }
    const { outcomes } = await fired({ hooks: gate("wc -c >&2; exit 2") }, { context })
    return Number(outcomes[0].stderr) > 500_000
  },
  "three megabytes of stdout": async () => {
    const { outcomes } = await fired({ hooks: gate("head -c 3000000 /dev/zero | tr '\\0' x") })
    return [outcomes[0].status, outcomes[0].truncated, outcomes[0].stdout.length]
  },
  "thirty hooks at once": async () => {
    const hooks = Array.from({ length: 30 }, (_, index) => ({
      on: "stop",
      run: `sleep 0.0${index % 5}; echo ${index}`
    }))
    const { outcomes } = await fired(
      { hooks: { hooks, policy: { order: "parallel" } } },
      { event: "stop", context: {} }
    )
    return outcomes.every(({ stdout }, index) => stdout === `${index}\n`)
  },
  "a command that is not there": async () => verdictOf(await fired({ hooks: gate(["no-such-command"]) }))[0],
  "a deadline": async () => verdictOf(await fired({ hooks: gate("sleep 300 & sleep 300", { timeout: "300ms" }) })),
  "a signal that aborts": async () => {
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error("enough")), 300)
    return rejectionOf(fired({ hooks: gate("sleep 300 & sleep 300") }, { signal: abort.signal }))
  },
  "processes that a hook left running": async () => {
    const hooks = await createHooks({ env, hooks: [{ on: "execution_start", run: "sleep 300 > /dev/null 2>&1 &" }] })
    const left = await hooks.execution(({ start }) => start.outcomes[0].leftRunning)
    await hooks.close()
    return left
  },
  "a deny by a function": async () =>
    verdictOf(await fired({ hooks: gate(({ tool }) => ({ verdict: "deny", reason: tool.input.command })) })),
  "a function that throws": async () =>
    verdictOf(
      await fired({
        hooks: gate(() => {
          throw new Error("broken")
        })
      })
    )[0],
  "a deny by a tool": async () => {
    const tools = [{ name: "guard", run: ({ command }) => ({ verdict: "deny", reason: command }) }]
    const hooks = [{ on: "pre_tool_use", call: "guard", with: { command: "${tool.input.command}" } }]
    return verdictOf(await fired({ hooks, tools }))
  },
  "a deny by a tool of an MCP server": async () => {
    const servers = { guards: { command: "node", args: [new URL("mcpServer.mjs", import.meta.url).pathname] } }
    return verdictOf(await fired({ hooks: [{ on: "pre_tool_use", call: "guard" }], tools: { servers } }))
  },
  "a deny by HTTP": async () => {
    const { place, url, got, close } = await receiver({ verdict: "deny", reason: "the server denies" })
    const report = await fired({ hooks: [{ on: "pre_tool_use", post: url }], allow: [place] })
    await close()
    return [...verdictOf(report), JSON.parse(got[0].body).event]
  },
  "an HTTP server that is not there": async () =>
    verdictOf(
      await fired({
        hooks: [{ on: "pre_tool_use", post: "http://127.0.0.1:9/", onFailure: "block" }],
        allow: ["127.0.0.1:9"]
      })
    )[0],
  "a config with a regular expression": async () => {
    const text = `
hooks:
  - on: pre_tool_use
    when: { tool.input.command: { regex: 'rm\\s+-(rf|fr)' } }
    run: echo "matched" >&2; exit 2
`
    const config = { file: "tenterhook.yaml", text }
    const safe = await fired({ config }, { context: { tool: { name: "bash", input: { command: "ls" } } } })
    return [...verdictOf(await fired({ config })), safe.proceed]
  },
  "an endpoint gets what was announced": async () => {
    const { place, url, got, close } = await receiver({}, {})
    const hooks = await createHooks({
      env,
      dialect: "wacht",
      hooks: { execution_start: [{ tool_name: "note" }] },
      tools: [{ name: "note", run: () => ({ noted: true }) }],
      allow: [place],
      endpoints: [{ url, secret: `whsec_${btoa("0123456789abcdef01234567")}` }],
      dataFolder: process.env.DATA
    })
    await hooks.fire("execution_start", { agent: { id: "a1" } })
    const { pending } = await hooks.deliver()
    await hooks.close()
    await close()
    return [pending, typeof got[0]?.headers["webhook-signature"]]
  },
  "hooks on a server": async () => {
    const { url, close } = await receiver({ verdict: "deny", proceed: false, reasons: [] })
    await using hooks = await connectHooks({ url: url.replace("/hook", ""), agent: "a" })
    const report = await hooks.fire("pre_tool_use", bash)
    await close()
    return [...verdictOf(report), (await rejectionOf(hooks.fire("stop"))).replace(/:\d+:/, ":")]
  }
}

if (process.argv[2] === "hang") {
  console.log("ready")
  await fired({ hooks: gate("sleep 300 & sleep 300", { timeout: "none" }) })
}
for (const [name, check] of Object.entries(checks)) {
  const came = await check().catch((error) => `rejected: ${error?.stack ?? error}`)
  console.log(JSON.stringify([name, came]))
}
console.log(JSON.stringify(["end", true]))
