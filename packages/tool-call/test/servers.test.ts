import { spawn } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Adapters } from "@tenterhook/core"
import { Effect, Layer } from "effect"
import { makeToolkit, ToolAdapter, type ToolkitOptions } from "../src/index.ts"
import {
  begin,
  byHand,
  call,
  callFor,
  eventually,
  freshFolder,
  pause,
  toolLayer,
  uniqueMark,
  withMark
} from "./tools.ts"

/** Runs it on one server of `fixtures`; afterwards nothing of it may be left. */
const onServer = <A, E>(
  use: (server: { readonly mark: string; readonly noted: (word: string) => number }) => Effect.Effect<A, E, any>,
  env: Record<string, string> = {},
  options: ToolkitOptions = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const mark = uniqueMark()
      const notes = join(yield* freshFolder, "notes")
      writeFileSync(notes, "")
      const noted = (word: string) =>
        readFileSync(notes, "utf8")
          .split("\n")
          .filter((line) => line === word).length
      const servers = { hand: byHand({ MARK: mark, NOTES: notes, ...env }) }
      yield* Effect.provide(use({ mark, noted }), toolLayer({ servers, ...options })) as Effect.Effect<A, E>
      assert.isTrue(yield* eventually(() => withMark(mark).length === 0), "nothing is left running")
    })
  )

const fine = { value: "fine", output: "fine", truncated: false }

describe("a server on stdio", () => {
  it.live("is started at the first call, once, and used again", () =>
    onServer(({ mark, noted }) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(withMark(mark), [])
        assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine)
        const many = yield* Effect.forEach([1, 2, 3, 4], () => call("hand/replies", { saying: "fine" }), {
          concurrency: 4
        })
        assert.deepStrictEqual(many, [fine, fine, fine, fine])
        assert.strictEqual(noted("started"), 1)
      })
    )
  )

  it.live("is started once when four calls come first at the same time", () =>
    onServer(({ noted }) =>
      Effect.gen(function* () {
        const many = yield* Effect.forEach([1, 2, 3, 4], () => call("replies", { saying: "fine" }), { concurrency: 4 })
        assert.deepStrictEqual(many, [fine, fine, fine, fine])
        assert.strictEqual(noted("started"), 1)
      })
    )
  )

  it.live("dies in a call: that fails with what it said last, the next one works on a new one", () =>
    onServer(({ noted }) =>
      Effect.gen(function* () {
        const dead = String(yield* call("dies"))
        assert.match(
          dead,
          /^transport: no answer from MCP server "hand" .*: it ended with exit code 3; it said: out of luck$/
        )
        assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine)
        assert.strictEqual(noted("begun dies"), 1)
        assert.strictEqual(noted("started"), 2)
      })
    )
  )

  it.live("dies between two calls, by a signal: the next one works", () =>
    onServer(({ mark, noted }) =>
      Effect.gen(function* () {
        yield* call("replies", { saying: "fine" })
        for (const pid of withMark(mark)) process.kill(pid, "SIGKILL")
        yield* eventually(() => withMark(mark).length === 0)
        yield* pause(500)
        assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine)
        assert.strictEqual(noted("started"), 2)
      })
    )
  )

  it.live("hangs: the deadline tells it so, and it goes on with other calls", () =>
    onServer(({ noted }) =>
      Effect.gen(function* () {
        yield* call("replies", { saying: "fine" })
        assert.deepStrictEqual(yield* callFor(500, "hangs"), { value: undefined, output: "", truncated: false })
        assert.isTrue(yield* eventually(() => noted("cancelled") === 1))
        assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine)
        assert.strictEqual(noted("started"), 1)
      })
    )
  )

  it.live("blocks for good: the next call gets a new one", () =>
    onServer(({ noted }) =>
      Effect.gen(function* () {
        yield* call("replies", { saying: "fine" })
        yield* callFor(300, "blocks")
        assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine)
        assert.strictEqual(noted("started"), 2)
      })
    )
  )

  it.live("floods with one endless message: oversize, and the next call works", () =>
    onServer(
      ({ noted }) =>
        Effect.gen(function* () {
          yield* call("replies", { saying: "fine" })
          const before = process.memoryUsage.rss()
          assert.match(
            String(yield* call("endless")),
            /^oversize: a message of MCP server "hand" .* is larger than 1000000 bytes$/
          )
          assert.isBelow(process.memoryUsage.rss() - before, 200e6)
          assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine)
          assert.strictEqual(noted("started"), 2)
        }),
      {},
      { limits: { messageBytes: 1_000_000 } }
    )
  )

  it.live("says more than is kept: both ends are, and half a value is none", () =>
    onServer(
      () =>
        Effect.gen(function* () {
          const kept = (head: string, tail: string) =>
            head + "-".repeat(50 - head.length) + "-".repeat(50 - tail.length) + tail
          const json = kept('{"a":"', '"}')
          assert.deepStrictEqual(yield* call("floods", { bytes: 1000, head: '{"a":"', tail: '"}' }), {
            value: undefined,
            output: json,
            truncated: true
          })
          const text = kept("HEAD", "TAIL")
          assert.deepStrictEqual(yield* call("floods", { bytes: 1000, head: "HEAD", tail: "TAIL" }), {
            value: text,
            output: text,
            truncated: true
          })
        }),
      {},
      { limits: { outputBytes: 100 } }
    )
  )

  it.live("prints things that are no messages: they are let be", () =>
    onServer(() => Effect.map(call("garbage"), (reply) => assert.deepInclude(reply, { value: "after the garbage" })), {
      NOISE: "1"
    })
  )

  it.live("speaks the revision without sessions only", () =>
    onServer(() => Effect.map(call("replies", { saying: "fine" }), (it) => assert.deepStrictEqual(it, fine)), {
      MODERN: "1"
    })
  )

  it.live("speaks an older revision only, and a future one only", () =>
    Effect.gen(function* () {
      for (const VERSION of ["2024-11-05", "2025-03-26", "2025-06-18"]) {
        yield* onServer(
          () => Effect.map(call("replies", { saying: "fine" }), (it) => assert.deepStrictEqual(it, fine)),
          { VERSION }
        )
      }
      yield* onServer(
        () =>
          Effect.map(call("replies"), (it) => assert.match(String(it), /^spawn: could not start MCP server "hand"/)),
        { VERSION: "2099-01-01" }
      )
    })
  )

  it.live("never introduces itself: a sentence, and nothing left", () =>
    onServer(
      () =>
        Effect.map(call("replies"), (it) =>
          assert.match(
            String(it),
            /^spawn: could not start MCP server "hand" .*: it did not answer within 400 ms \(initialization\)$/
          )
        ),
      { SILENT: "1", STUBBORN: "1" },
      { limits: { startMs: 400 } }
    )
  )

  it.live("has learned a tool since it was asked", () =>
    onServer(() =>
      Effect.gen(function* () {
        assert.match(String(yield* call("learned")), /^missing: expected a tool "learned"/)
        yield* call("learns")
        assert.deepInclude(yield* call("learned"), { value: "I know" })
      })
    )
  )

  it.live("is sloppy about the protocol: its tools can be called all the same", () =>
    onServer(
      () =>
        Effect.gen(function* () {
          assert.deepInclude(yield* call("untyped", { saying: "fine" }), { value: "fine" })
          assert.deepInclude(yield* call("schemaless"), {
            value: { type: "hologram", x: 1 },
            output: '{"type":"hologram","x":1}'
          })
          assert.deepInclude(yield* call("silent"), { value: "", output: "" })
        }),
      { SLOPPY: "1" }
    )
  )

  it.live("says no: its text is the reason", () =>
    onServer(() =>
      Effect.gen(function* () {
        assert.strictEqual(
          yield* call("replies", { fails: true, saying: "disk full" }),
          "tool: hand/replies failed: disk full"
        )
        assert.strictEqual(
          yield* call("strict", { n: 1.5 }),
          "tool: hand/strict failed: input.n must be integer, found number"
        )
        assert.deepInclude(yield* call("strict", { n: 1, _runtime: { a: 1 } }), { value: { n: 1 } })
        assert.deepInclude(yield* call("replies", { saying: "x", structured: { ok: true } }), {
          value: { ok: true },
          output: "x"
        })
        assert.deepInclude(yield* call("image"), { value: [{ type: "image", data: "AAEC", mimeType: "image/png" }] })
      })
    )
  )

  it.live("ends with everything that it started, also what left its group", () =>
    onServer(({ mark }) =>
      Effect.gen(function* () {
        yield* call("breeds")
        assert.strictEqual(withMark(mark).length, 3)
      })
    )
  )

  it.live("ends although neither the end of its stdin nor TERM moves it", () =>
    onServer(() => call("breeds"), { STUBBORN: "1" })
  )

  it.live("behind a wrapper, as npx is one, ends too", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const mark = uniqueMark()
        const { command, args } = byHand()
        const wrapped = {
          command: "sh",
          args: ["-c", '"$0" "$@"; true', command, ...args],
          env: { MARK: mark, STUBBORN: "1" }
        }
        yield* Effect.provide(call("replies", { saying: "fine" }), toolLayer({ servers: { wrapped } }))
        assert.deepStrictEqual(withMark(mark), [])
      })
    )
  )

  it.live("is not there", () =>
    Effect.gen(function* () {
      const servers = {
        gone: { command: "no-such-program-at-all" },
        early: { command: "sh", args: ["-c", "echo no token >&2; exit 4"] },
        hand: byHand()
      }
      yield* Effect.provide(
        Effect.gen(function* () {
          assert.strictEqual(
            yield* call("gone/x"),
            'spawn: could not start MCP server "gone" (no-such-program-at-all): there is no program "no-such-program-at-all"'
          )
          assert.strictEqual(
            yield* call("early/x"),
            'spawn: could not start MCP server "early" (sh): it ended with exit code 4; it said: no token'
          )
          assert.deepStrictEqual(yield* call("replies", { saying: "fine" }), fine, "another server has it")
          assert.match(String(yield* call("nowhere")), /^spawn: could not start/)
        }),
        toolLayer({ servers })
      )
    })
  )

  it.live("ends with a host that is killed with -9", () =>
    Effect.gen(function* () {
      const mark = uniqueMark()
      const file = fileURLToPath(new URL("fixtures/host.ts", import.meta.url))
      const host = spawn(process.execPath, ["--conditions=@tenterhook/source", file], {
        env: { ...process.env, MARK: mark, STUBBORN: "1" },
        stdio: ["ignore", "pipe", "inherit"]
      })
      yield* Effect.promise(() => new Promise((done) => host.stdout.once("data", done)))
      assert.isAtLeast(withMark(mark).length, 4)
      host.kill("SIGKILL")
      assert.isTrue(yield* eventually(() => withMark(mark).length === 0))
    })
  )

  it.live("does not keep a host alive that is done", () =>
    Effect.gen(function* () {
      const mark = uniqueMark()
      const file = fileURLToPath(new URL("fixtures/host.ts", import.meta.url))
      const host = spawn(process.execPath, ["--conditions=@tenterhook/source", file, "leave"], {
        env: { ...process.env, MARK: mark, STUBBORN: "1" },
        stdio: ["ignore", "ignore", "inherit"]
      })
      const code = yield* Effect.promise(() => new Promise((done) => host.once("exit", done)))
      assert.strictEqual(code, 0)
      assert.isTrue(yield* eventually(() => withMark(mark).length === 0))
    })
  )
})

describe("a toolkit", () => {
  it.live("lists what there is, and what cannot be asked", () =>
    Effect.gen(function* () {
      const kit = makeToolkit({
        tools: [{ name: "mine", run: () => 1 }],
        servers: { hand: byHand(), gone: { command: "no-such-program" } }
      })
      const list = yield* kit.list
      assert.deepStrictEqual(
        list.map(({ server, tools, problem }) => [server, tools.length, problem?.includes("no-such-program") ?? null]),
        [
          [null, 1, null],
          ["hand", 13, null],
          ["gone", 0, true]
        ]
      )
      yield* kit.close
      assert.deepInclude(yield* Effect.flip(kit.find("mine")), { _tag: "spawn" })
    })
  )

  it.live("closing fails calls that still run, at once", () =>
    Effect.gen(function* () {
      const kit = makeToolkit({ servers: { hand: byHand() } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const context = yield* Layer.build(Layer.provideMerge(ToolAdapter.layer(kit), Layer.fresh(Adapters.layer)))
          const running = yield* Effect.provide(begin("hangs"), context)
          const waiting = yield* Effect.forkChild(Effect.exit(running.reply))
          yield* pause(300)
          yield* kit.close
          assert.isTrue(yield* eventually(() => waiting.pollUnsafe() !== undefined))
        })
      )
    })
  )
})

describe("a server on HTTP", () => {
  it.live("is not there, refuses, hangs, floods, talks nonsense: told apart, and the next call works", () =>
    Effect.scoped(
      Effect.gen(function* () {
        let way: "well" | "refuses" | "hangs" | "floods" | "nonsense" | "resets" | "forgets" = "well"
        const sessions = new Set<string>()
        const answer = async (request: IncomingMessage, response: ServerResponse) => {
          let body = ""
          for await (const chunk of request) body += chunk
          if (request.method === "DELETE") return response.writeHead(200).end()
          const { id, method } = JSON.parse(body)
          const json = (result: unknown, headers = {}) =>
            response
              .writeHead(200, { "content-type": "application/json", ...headers })
              .end(JSON.stringify({ jsonrpc: "2.0", id, result }))
          if (way === "forgets") {
            sessions.clear()
            way = "well"
          }
          if (method === "initialize") {
            const session = `s${sessions.size}-${Math.random()}`
            sessions.add(session)
            const result = {
              protocolVersion: "2025-06-18",
              capabilities: { tools: {} },
              serverInfo: { name: "web", version: "1" }
            }
            return json(result, { "mcp-session-id": session })
          }
          if (!sessions.has(String(request.headers["mcp-session-id"]))) return response.writeHead(404).end()
          if (request.headers["mcp-protocol-version"] !== "2025-06-18")
            return response.writeHead(400).end("the revision")
          if (id === undefined) return response.writeHead(202).end()
          if (method === "tools/list") return json({ tools: [{ name: "say", inputSchema: { type: "object" } }] })
          if (method === "ping") return json({})
          if (way === "refuses") return response.writeHead(401, { "www-authenticate": "Bearer" }).end()
          if (way === "hangs") return
          if (way === "resets") return request.socket.destroy()
          if (way === "nonsense") return response.writeHead(200, { "content-type": "text/html" }).end("<html>")
          if (way === "floods") {
            response.writeHead(200, { "content-type": "text/event-stream" })
            const more = (): void => void (response.destroyed || response.write(`: ${"-".repeat(65_536)}`, more))
            return more()
          }
          return json({ content: [{ type: "text", text: "fine" }] })
        }
        const web = createServer((request, response) => void answer(request, response))
        yield* Effect.promise(() => new Promise<void>((done) => web.listen(0, "127.0.0.1", done)))
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            web.closeAllConnections()
            web.close()
          })
        )
        const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/mcp`
        const servers = { web: { url }, gone: { url: "http://127.0.0.1:9/mcp" } }
        yield* Effect.provide(
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* call("web/say"), fine)
            way = "refuses"
            assert.match(
              String(yield* call("web/say")),
              /^transport: .*HTTP status 401; give it an Authorization header in "headers"$/
            )
            way = "resets"
            assert.match(String(yield* call("web/say")), /^transport: no answer from MCP server "web" /)
            way = "nonsense"
            assert.match(String(yield* call("web/say")), /^transport: .*Content-Type/)
            way = "floods"
            assert.match(String(yield* call("web/say")), /^oversize: /)
            way = "hangs"
            yield* callFor(300, "web/say")
            way = "well"
            assert.deepStrictEqual(yield* call("web/say"), fine)
            way = "forgets"
            assert.deepStrictEqual(yield* call("web/say"), fine, "a session that was forgotten is opened anew")
            assert.match(
              String(yield* call("gone/say")),
              /^transport: no answer from MCP server "gone" \(http:\/\/127.0.0.1:9\)/
            )
          }),
          toolLayer({ servers, limits: { messageBytes: 1_000_000 } })
        )
      })
    )
  )
})
