/** Servers of the registry that were not written here. */
import { spawn } from "node:child_process"
import { randomInt } from "node:crypto"
import { createServer } from "node:net"
import { createRequire } from "node:module"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Engine } from "@tenterhook/core"
import { Effect } from "effect"
import { wachtResolver } from "../src/index.ts"
import { engineWith } from "./engine.ts"
import { call, callFor, eventually, freshFolder, toolLayer, uniqueMark, withMark } from "./tools.ts"

const entryOf = (name: string) => createRequire(import.meta.url).resolve(`${name}/dist/index.js`)

describe("@modelcontextprotocol/server-filesystem, on stdio", () => {
  it.live("is called by all of its names, says no, and leaves nothing running", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const file = join(folder, "context.md")
        const mark = uniqueMark()
        const disk = {
          command: process.execPath,
          args: [entryOf("@modelcontextprotocol/server-filesystem"), folder],
          env: { MARK: mark }
        }
        writeFileSync(file, "be brief\n")
        yield* Effect.provide(
          Effect.gen(function* () {
            for (const name of [
              "read_text_file",
              "disk/read_text_file",
              "mcp_disk_read_text_file",
              "mcp__disk__read_text_file"
            ]) {
              assert.deepInclude(
                yield* call(name, { path: file, _runtime: { agent_id: "1" } }),
                { output: "be brief\n" },
                name
              )
            }
            const written = yield* call("write_file", { path: join(folder, "new.md"), content: "x" })
            assert.deepInclude(written, { truncated: false })
            assert.match(
              String(yield* call("read_text_file", { path: "/etc/passwd" })),
              /^tool: disk\/read_text_file failed: .*outside allowed/
            )
            assert.strictEqual(
              yield* call("read_text_file", { path: 7 }),
              "tool: disk/read_text_file failed: input.path must be string, found number"
            )
            assert.strictEqual(yield* call("read_text_file"), "tool: disk/read_text_file failed: input.path is missing")
            assert.strictEqual(withMark(mark).length, 1)
          }),
          toolLayer({ servers: { mcpServers: { disk } } })
        )
        assert.deepStrictEqual(withMark(mark), [])
      })
    )
  )
})

describe("@modelcontextprotocol/server-everything, on streamable HTTP", () => {
  it.live(
    "is called, gives values, is cancelled at a deadline, dies and comes back",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { url, child: first, start } = yield* everything
          const servers = { mcpServers: { everything: { type: "http", url } } }
          yield* Effect.provide(
            Effect.gen(function* () {
              assert.deepInclude(yield* call("mcp_everything_echo", { message: "hello" }), { value: "Echo: hello" })
              assert.deepInclude(yield* call("get-sum", { a: 2, b: 3 }), { output: "The sum of 2 and 3 is 5." })
              const weather = yield* call("get-structured-content", { location: "Chicago" })
              assert.hasAllKeys((weather as { readonly value: unknown }).value, [
                "temperature",
                "conditions",
                "humidity"
              ])
              assert.strictEqual(
                yield* call("get-sum", { a: "2" }),
                "tool: everything/get-sum failed: input.b is missing; input.a must be number, found string"
              )
              const before = performance.now()
              yield* callFor(500, "trigger-long-running-operation", { duration: 30, steps: 3 })
              assert.isBelow(performance.now() - before, 25_000)
              assert.deepInclude(yield* call("echo", { message: "again" }), { value: "Echo: again" })

              first.kill("SIGKILL")
              yield* Effect.promise(() => new Promise((done) => first.once("close", done)))
              assert.match(
                String(yield* call("echo", { message: "nobody" })),
                /^transport: no answer from MCP server "everything"/
              )
              yield* start
              assert.deepInclude(yield* call("echo", { message: "back" }), { value: "Echo: back" })
            }),
            toolLayer({ servers })
          )
        })
      ),
    60_000
  )
})

describe("both, as the hooks of one event", () => {
  it.live(
    "succeed, fail, time out and are skipped, each for itself",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* freshFolder
          const mark = uniqueMark()
          const { url } = yield* everything
          const file = join(folder, "run-log.md")
          const disk = {
            command: process.execPath,
            args: [entryOf("@modelcontextprotocol/server-filesystem"), folder],
            env: { MARK: mark }
          }
          const calls = [
            { name: "mcp_disk_write_file", args: { path: file, content: "started" } },
            { name: "mcp_everything_echo", args: { message: "hello" } },
            { name: "mcp_everything_trigger_long_running_operation", args: { duration: 20, steps: 2 }, timeoutMs: 400 },
            { name: "mcp_disk_read_text_file", args: { path: "/etc/passwd" } },
            { name: "mcp_disk_nothing" },
            { name: "v_composio_gmail_send_email" },
            { name: "mcp_disk_read_text_file", args: { path: file } }
          ]
          const tools = { servers: { mcpServers: { disk, everything: { url } } }, resolver: wachtResolver }
          const report = yield* Effect.provide(
            Effect.flatMap(Engine, (engine) => engine.fire("execution_start", {})),
            engineWith(calls, tools)
          )
          assert.deepStrictEqual(
            report.outcomes.map(({ status, reason, stdout }) => [
              status,
              reason,
              stdout.includes("Access denied") ? "denied" : stdout
            ]),
            [
              ["succeeded", null, `Successfully wrote to ${file}`],
              ["succeeded", null, "Echo: hello"],
              ["failed", "timeout", ""],
              ["failed", "tool", "denied"],
              ["failed", "missing", ""],
              ["skipped", "unavailable", ""],
              ["succeeded", null, "started"]
            ]
          )
          assert.isTrue(report.proceed)
          assert.deepStrictEqual(withMark(mark), [])
        })
      ),
    60_000
  )
})

/** The server on a free port, once it listens; `start` starts another one there. */
const everything = Effect.gen(function* () {
  const port = yield* freePort
  const start = Effect.acquireRelease(
    Effect.gen(function* () {
      const child = spawn(process.execPath, [entryOf("@modelcontextprotocol/server-everything"), "streamableHttp"], {
        env: { ...process.env, PORT: String(port) },
        stdio: ["ignore", "ignore", "pipe"]
      })
      let heard = ""
      child.stderr.on("data", (chunk) => (heard += chunk))
      assert.isTrue(yield* eventually(() => heard.includes("listening")), heard)
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  return { url: `http://127.0.0.1:${port}/mcp`, child: yield* start, start }
})

/** Below those that the system gives to clients, so that nobody takes it while the server is down. */
const freePort: Effect.Effect<number> = Effect.suspend(() => {
  const port = randomInt(20_000, 32_000)
  const isFree = new Promise<boolean>((done) => {
    const probe = createServer().once("error", () => done(false))
    probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)))
  })
  return Effect.flatMap(
    Effect.promise(() => isFree),
    (free) => (free ? Effect.succeed(port) : freePort)
  )
})
