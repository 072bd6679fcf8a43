import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeToolkit, parseServers, readServers, ToolsError } from "../src/index.ts"
import { freshFolder } from "./tools.ts"

const problemsOf = (make: () => unknown): ReadonlyArray<string> => {
  try {
    make()
  } catch (error) {
    if (error instanceof ToolsError) return error.problems
    throw error
  }
  return []
}

describe("mcpServers", () => {
  it("takes what products write", () =>
    assert.deepEqual(
      parseServers(
        {
          mcpServers: {
            disk: {
              command: "npx",
              args: ["-y", "pkg", "${ROOT:-/data}"],
              env: { KEY: "${KEY}", N: 1 },
              cwd: "sub",
              alwaysAllow: ["x"]
            },
            web: { type: "http", url: "https://${HOST}/mcp", headers: { Authorization: "Bearer ${KEY}" }, timeout: 3 },
            off: { disabled: true, command: "x" }
          }
        },
        { env: { KEY: "k", HOST: "mcp.example.com" }, folder: "/conf" }
      ),
      {
        disk: { command: "npx", args: ["-y", "pkg", "/data"], env: { KEY: "k", N: "1" }, cwd: "/conf/sub" },
        web: { url: "https://mcp.example.com/mcp", headers: { Authorization: "Bearer k" } }
      }
    ))

  it("takes its own result again, and names that an object has anyway", () => {
    const servers = parseServers({ constructor: { command: "x" }, a: { command: "x" } })
    assert.deepEqual(parseServers(servers), servers)
    assert.deepStrictEqual(Object.keys(servers), ["constructor", "a"])
  })

  it("collects everything that is wrong, with the place", () =>
    assert.deepStrictEqual(
      problemsOf(() =>
        parseServers(
          {
            mcpServers: {
              none: {},
              both: { command: "x", url: "http://x" },
              text: "npx",
              empty: { command: " " },
              args: { command: "x", args: "-y", env: [], cwd: 3 },
              arg: { command: "x", args: [1], env: { A: null } },
              url: { url: "ftp://x" },
              sse: { type: "sse", url: "http://x" },
              unset: { command: "x", args: ["${NOT_SET}"] }
            }
          },
          { env: {} }
        )
      ),
      [
        'mcpServers.none: expected "command" (a program) or "url" (streamable HTTP), found neither',
        'mcpServers.both: "command" starts a server, "url" calls one; it must have one of them, not both',
        'mcpServers.text: expected an object with "command" or "url", found "npx"',
        'mcpServers.empty.command: expected a text, found " "',
        'mcpServers.args.args: expected a list of texts, found "-y"',
        "mcpServers.args.env: expected an object of texts, found a list",
        "mcpServers.args.cwd: expected a text, found number 3",
        "mcpServers.arg.args[0]: expected a text, found number 1",
        "mcpServers.arg.env.A: expected a text, found null",
        'mcpServers.url.url: expected an http or https address, found "ftp://x"',
        'mcpServers.sse.type: "sse" is the transport that streamable HTTP replaced; give the server\'s streamable HTTP url',
        "mcpServers.unset.args[0]: the environment has no NOT_SET; set it, or write ${NOT_SET:-default}"
      ]
    ))

  it.live("a file that is not there, is no JSON, or has another shape", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const file = join(folder, "mcp.json")
        assert.match(problemsOf(() => readServers(file)).join(), /^cannot be read: ENOENT/)
        writeFileSync(file, "{,")
        assert.match(problemsOf(() => readServers(file)).join(), /^not valid JSON: /)
        writeFileSync(file, '{"mcpServers": {"a": {"command": "x"},\n"a": {"command": "y"}}}')
        assert.deepStrictEqual(
          problemsOf(() => readServers(file)),
          ['mcpServers.a: duplicate key "a": it stands at 1:17 already; keep one of them']
        )
        writeFileSync(file, '{"servers": {}}')
        assert.deepStrictEqual(
          problemsOf(() => readServers(file)),
          ['expected {"mcpServers": {…}}, found the keys servers']
        )
        writeFileSync(file, '\uFEFF{"mcpServers": {"a": {"command": "x", "cwd": "."}}}')
        assert.deepEqual(readServers(file), { a: { command: "x", args: [], env: {}, cwd: folder } })
      })
    )
  )
})

describe("makeToolkit", () => {
  it("says everything that is wrong with the tools", () =>
    assert.deepStrictEqual(
      problemsOf(() =>
        makeToolkit({
          folder: "/tmp/x",
          tools: [
            { name: "read_file", run: () => 1 },
            { name: "", run: () => 1 },
            { name: "x", run: "no" as never, inputSchema: 3 as never }
          ]
        })
      ),
      [
        "tools[1]: a tool needs a name",
        'tool "x": run must be a function, found string',
        'tool "x": inputSchema must be a JSON Schema object, found 3',
        'tool "read_file": there are two of that name'
      ]
    ))

  it("says what is wrong with the servers", () =>
    assert.match(problemsOf(() => makeToolkit({ servers: { a: {} } })).join(), /^mcpServers.a: expected "command"/))
})
