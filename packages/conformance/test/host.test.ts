/** What the kit gives a case's host, held against subjects that do right and against ones that do one thing wrong. */
import { createHmac } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { type CaseSetup, openMcpServer, runCases, type Session, type Subject } from "../src/index.ts"

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
const text = `title: host
dialect: any
tools:
  - { name: mirror, does: echo }
  - { name: broken, does: fail, error: disk full }
receivers:
  hook: { replies: [ { status: 500, body: busy }, { status: 200 } ] }
endpoints: [ { url: "\${RECEIVER_HOOK}/in", events: [ "a.*" ], secret: "${secret}" } ]
steps:
  - fire: a
    calls: [ { tool: mirror, input: { n: 1 } }, { tool: broken } ]
    deliveries:
      hook:
        - { method: POST, path: /in, verified: true, body: { json: { n: 1 } }, headers: { webhook-id: { startsWith: msg_ } } }
        - { verified: true, headers: { webhook-id: { same: previous } } }
  - fire: b
    calls: []
    deliveries: { hook: [] }
`

/** What it does at each step, so that a copy can do one thing otherwise. */
interface Doing {
  readonly call: (setup: CaseSetup) => Promise<unknown>
  readonly post: (setup: CaseSetup) => Promise<unknown>
  readonly later: (setup: CaseSetup) => Promise<unknown>
}

const post = async (setup: CaseSetup, id = "msg_1", key = secret, age = 0) => {
  const body = JSON.stringify({ n: 1 })
  const timestamp = String(Math.floor(Date.now() / 1000) - age)
  const hmac = createHmac("sha256", Buffer.from(key.slice(6), "base64")).update(`${id}.${timestamp}.${body}`)
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,bm8= v1,${hmac.digest("base64")}`
  }
  return (await fetch(setup.endpoints![0]!.url, { method: "POST", body, headers })).status
}

const right: Doing = {
  call: async ({ tools }) => {
    const signal = new AbortController().signal
    const [mirror, broken] = tools!
    assert.deepStrictEqual(await mirror!.run({ n: 1 }, { signal }), { n: 1 })
    assert.strictEqual(await broken!.run({}, { signal }).catch((error: Error) => error.message), "disk full")
  },
  post: async (setup) => {
    assert.strictEqual(await post(setup), 500)
    assert.strictEqual(await post(setup), 200)
  },
  later: async () => {}
}

const report = (event: string) => ({
  fireId: `fire_${event}`,
  event: "stop",
  dialect: null,
  proceed: true,
  verdict: "abstain",
  reasons: [],
  rewrite: null,
  context: [],
  notices: [],
  halt: null,
  resume: null,
  losses: [],
  outcomes: []
})

const run = async (doing: Doing, yaml = text) => {
  const folder = await mkdtemp(join(tmpdir(), "tenterhook-kit-"))
  try {
    await writeFile(join(folder, "host.yaml"), yaml)
    const subject: Subject = {
      name: "scripted",
      needs: ["tool-call", "webhook"],
      open: async (setup) => {
        const session: Session = {
          fire: async (event) => {
            if (event === "a") {
              await doing.call(setup)
              await doing.post(setup)
            } else await doing.later(setup)
            return report(event)
          },
          exec: () => Promise.reject(new Error("not asked for")),
          load: async () => ({ ok: true, notices: [] }),
          settle: async () => {},
          close: async () => {}
        }
        return session
      }
    }
    const [result] = (await runCases([folder], subject, { deliveryLimitMs: 4000 })).cases
    if (result!.status === "skipped") return assert.fail(result!.reason)
    return result!.status === "passed" ? [] : result!.failure.mismatches.map(({ path }) => path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe.concurrent("a case's host", () => {
  it("has tools, receivers and endpoints, and what it does with them is seen", async () => {
    assert.deepStrictEqual(await run(right), [])
  })

  const once = text.replace(/ {8}- \{ verified: true, headers: \{ webhook-id: \{ same.*\n/, "")
  const wrong: ReadonlyArray<readonly [string, Partial<Doing>, string, string?]> = [
    ["a tool that was not called", { call: async () => {} }, "calls"],
    ["a call too many", { later: right.call }, "calls"],
    [
      "another secret",
      { post: (setup) => post(setup, "msg_1", `whsec_${btoa("x".repeat(32))}`) },
      "deliveries.hook[0].verified",
      once
    ],
    ["an old signature", { post: (setup) => post(setup, "msg_1", secret, 3600) }, "deliveries.hook[0].verified", once],
    [
      "another id on the second try",
      { post: async (setup) => [await post(setup), await post(setup, "msg_2")] },
      "deliveries.hook[1].headers.webhook-id"
    ],
    ["a try too many", { post: async (setup) => [await right.post(setup), await post(setup)] }, "deliveries.hook"],
    ["what comes in a later step", { later: (setup) => post(setup) }, "deliveries.hook"],
    ["nothing at all", { post: async () => {} }, "deliveries.hook", once]
  ]
  for (const [what, doing, path, yaml] of wrong) {
    it(`fails for ${what}`, async () => {
      assert.include(await run({ ...right, ...doing }, yaml), path)
    })
  }

  it("fails where a case asks for what a receiver that it does not have got", async () => {
    assert.deepStrictEqual(await run(right, text.replace("deliveries: { hook: [] }", "deliveries: { other: [] }")), [
      "deliveries.other"
    ])
  })
})

describe("the MCP server of a case's tools", () => {
  const opened = async <A>(
    output: unknown,
    use: (ask: (method: string, params?: object) => Promise<any>) => Promise<A>
  ) => {
    const server = await openMcpServer([
      {
        name: "a",
        description: "",
        inputSchema: { type: "object" },
        returnsPlainValue: typeof output === "number",
        run: async () => {
          if (output instanceof Error) throw output
          return output
        }
      }
    ])
    const ask = async (method: string, params: object = {}) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })
      return (await fetch(server.url, { method: "POST", body })).json()
    }
    try {
      return await use(ask)
    } finally {
      await server.close()
    }
  }

  it("introduces itself in the revision that is asked for, lists and calls", async () => {
    await opened({ b: 1 }, async (ask) => {
      assert.strictEqual(
        (await ask("initialize", { protocolVersion: "2025-03-26" })).result.protocolVersion,
        "2025-03-26"
      )
      assert.strictEqual(
        (await ask("initialize", { protocolVersion: "1999-01-01" })).result.protocolVersion,
        "2025-11-25"
      )
      assert.strictEqual((await ask("tools/list")).result.tools[0].name, "a")
      assert.deepInclude((await ask("tools/call", { name: "a" })).result, {
        structuredContent: { b: 1 },
        content: [{ type: "text", text: '{"b":1}' }]
      })
      assert.match((await ask("tools/call", { name: "b" })).error.message, /Unknown tool: b/)
      assert.strictEqual((await ask("resources/list")).error.code, -32601)
    })
  })

  it("says a tool's error as a result, and a plain value in the revision that can", async () => {
    await opened(new Error("disk full"), async (ask) => {
      assert.deepInclude((await ask("tools/call", { name: "a" })).result, {
        isError: true,
        content: [{ type: "text", text: "disk full" }]
      })
    })
    await opened(7, async (ask) => {
      assert.match((await ask("initialize")).error.message, /2026-07-28 only/)
      assert.deepStrictEqual((await ask("server/discover")).result.supportedVersions, ["2026-07-28"])
      assert.strictEqual((await ask("tools/call", { name: "a" })).result.structuredContent, 7)
    })
  })
})
