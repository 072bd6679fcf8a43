import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import {
  type Catalogue,
  defaultResolver,
  fullName,
  type Resolver,
  slugOf,
  type Tool,
  wachtResolver
} from "../src/index.ts"

const tool = (name: string, server: string | null = null): Tool => ({
  name,
  server,
  call: () => Effect.succeed({ text: name, value: name })
})

const catalogue = (
  own: ReadonlyArray<string>,
  servers: Record<string, ReadonlyArray<string> | null> = {}
): Catalogue => ({
  own: new Map(own.map((name) => [name, tool(name)])),
  servers: Object.entries(servers).map(([name, tools]) => ({ name, tools: tools?.map((it) => tool(it, name)) ?? null }))
})

const outcome = (resolver: Resolver, name: string, of: Catalogue) => {
  const resolution = resolver(name, of)
  switch (resolution._tag) {
    case "found":
      return fullName(resolution.tool)
    case "ask":
      return `ask ${resolution.servers.join(" ")}`
    default:
      return resolution.why === undefined ? resolution._tag : `${resolution._tag}: ${resolution.why}`
  }
}

const check = (resolver: Resolver, of: Catalogue, expected: Record<string, string>) => {
  for (const [name, wanted] of Object.entries(expected)) assert.strictEqual(outcome(resolver, name, of), wanted, name)
}

describe("the default resolver", () => {
  const known = catalogue(["read_file"], {
    linear: ["create_issue", "list"],
    linear_two: ["create-issue", "read_file"],
    "My Files": ["list", "move"]
  })

  it("takes a name in each of its spellings", () =>
    check(defaultResolver, known, {
      read_file: "read_file",
      "linear_two/read_file": "linear_two/read_file",
      "linear/list": "linear/list",
      mcp_linear_list: "linear/list",
      mcp__linear__list: "linear/list",
      "mcp__My Files__list": "My Files/list",
      mcp__my_files__list: "My Files/list",
      mcp_my_files_move: "My Files/move",
      move: "My Files/move",
      "create-issue": "linear_two/create-issue",
      mcp_linear_two_create_issue: "linear_two/create-issue"
    }))

  it("says what it cannot tell", () =>
    check(defaultResolver, known, {
      list: "missing: more than one server has it: write linear/list or My Files/list",
      "linear/none": 'missing: MCP server "linear" has create_issue, list',
      nowhere: "missing",
      READ_FILE: "missing",
      "linear/": "missing"
    }))

  it("asks only the servers that could have it", () =>
    check(defaultResolver, catalogue(["mine"], { a: null, b: null, c: ["x"] }), {
      mine: "mine",
      "a/x": "ask a",
      mcp_b_x: "ask b",
      "c/x": "c/x",
      x: "ask a b"
    }))
})

describe("Wacht's resolver", () => {
  it("takes its names, and knows what is merely not connected", () =>
    check(
      wachtResolver,
      catalogue(["read_file", "v_composio_slack_send", "my tool"], {
        Linear: ["create_issue"],
        kit: ["v_x_on", "mcp_a_b"]
      }),
      {
        read_file: "read_file",
        "my tool": "my tool",
        mcp_linear_create_issue: "Linear/create_issue",
        v_composio_slack_send: "v_composio_slack_send",
        v_x_on: "kit/v_x_on",
        mcp_a_b: "kit/mcp_a_b",
        v_composio_gmail_send_email: "unavailable: virtual tool not connected for this actor",
        mcp_x: "missing",
        nothing: "missing"
      }
    ))

  it("has no other spellings", () =>
    check(wachtResolver, catalogue([], { a: ["x"] }), { "a/x": "missing", mcp__a__x: "missing", mcp_a_x: "a/x" }))
})

describe("any resolver", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "_", "/", "-", "A"), minLength: 1, maxLength: 6 })
  const anyCatalogue = fc
    .tuple(
      fc.uniqueArray(word, { maxLength: 3 }),
      fc.dictionary(word, fc.option(fc.uniqueArray(word, { maxLength: 4 })), { maxKeys: 4 })
    )
    .map(([own, servers]) => catalogue(own, servers))
  const anyName = fc.oneof(
    word,
    fc.tuple(word, word).map((two) => two.join("/")),
    fc.tuple(word, word).map((two) => `mcp_${two.join("_")}`)
  )

  for (const [title, resolver] of Object.entries({ defaultResolver, wachtResolver })) {
    it(`${title}: gives a tool that is there, or asks whom it does not know yet; and one of its own comes first`, () =>
      fc.assert(
        fc.property(anyName, anyCatalogue, (name, of) => {
          const resolution = resolver(name, of)
          if (of.own.has(name)) assert.deepStrictEqual(resolution, { _tag: "found", tool: of.own.get(name)! })
          if (resolution._tag === "found") {
            const { server } = resolution.tool
            const place =
              server === null ? [...of.own.values()] : (of.servers.find((it) => it.name === server)?.tools ?? [])
            assert.include(place, resolution.tool)
          }
          if (resolution._tag === "ask") {
            assert.isNotEmpty(resolution.servers)
            for (const asked of resolution.servers) assert.isNull(of.servers.find((it) => it.name === asked)?.tools)
          }
        })
      ))
  }

  it("defaultResolver: a full name means that tool, whatever else there is", () =>
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[ab]{1,3}$/), fc.uniqueArray(fc.stringMatching(/^[ab]{1,3}$/)), {
          maxKeys: 4
        }),
        (servers) => {
          const of = catalogue([], servers)
          for (const server of of.servers) {
            for (const it of server.tools ?? []) {
              check(defaultResolver, of, {
                [fullName(it)]: fullName(it),
                [`mcp__${slugOf(server.name)}__${it.name}`]: fullName(it)
              })
            }
          }
        }
      )
    ))
})
