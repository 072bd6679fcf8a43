/** Dialects and adapters of others on a server: uploads in them, and what an upload may not bring. */
import type { PlainAdapter, PlainDialect } from "@tenterhook/sdk"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { serve } from "../src/serve.ts"
import { makeFolder, openServer } from "./Server.ts"

const cascade: PlainDialect = {
  id: "cascade",
  files: ["cascade.yaml"],
  events: { before_tool: "pre_tool_use", before_start: "execution_start", after_end: "execution_end" },
  load: ({ value }) =>
    (value as { readonly rules: ReadonlyArray<{ readonly when: string; readonly run: string }> }).rules.map(
      ({ when, run }, index) => ({ on: when, run, at: ["rules", index] })
    )
}
const shout: PlainAdapter = { kind: "shout", run: async ({ text }) => ({ exitCode: 2, stderr: String(text) }) }

const rules = { configs: [{ file: "cascade.yaml", text: `rules: [{ when: before_tool, run: exit 2 }]` }] }

describe("a server with plug-ins", () => {
  it("takes uploads in an outside dialect, recognized or named, and fires its hooks", async () => {
    const { post } = await openServer({ dialects: [cascade] })
    const set = await post("/v1/hook-sets", { name: "rules", ...rules })
    assert.deepInclude(set, { dialect: "cascade", mode: "documented", hooks: 1 })
    const report = await post("/v1/fires", {
      hookSetId: set.id,
      event: "before_tool",
      context: { tool: { name: "bash" } }
    })
    assert.deepInclude(report, { proceed: false, dialect: "cascade" })
    const named = { dialect: "cascade", configs: [{ ...rules.configs[0]!, file: "other" }] }
    const inline = await post("/v1/fires", { hooks: named, event: "before_tool", context: { tool: { name: "bash" } } })
    assert.isFalse(inline.proceed)
  })

  it("runs the actions of an outside adapter", async () => {
    const { post } = await openServer({ adapters: [shout] })
    const text = "hooks: [{ on: pre_tool_use, action: { kind: shout, text: never } }]"
    const hooks = { configs: [{ file: "tenterhook.yaml", text }] }
    const report = await post("/v1/fires", { hooks, event: "pre_tool_use", context: { tool: { name: "bash" } } })
    assert.deepInclude(report, { proceed: false, reasons: [{ hook: "pre_tool_use[0]", text: "never" }] })
  })

  it("an adapter of kind tool takes the place of the server's own", async () => {
    const tool: PlainAdapter = { kind: "tool", run: async () => ({ value: { verdict: "deny", reason: "by another" } }) }
    const { post } = await openServer({ adapters: [tool] })
    const hooks = { configs: [{ file: "tenterhook.yaml", text: "hooks: [{ on: pre_tool_use, call: any }]" }] }
    const report = await post("/v1/fires", { hooks, event: "pre_tool_use", context: { tool: { name: "bash" } } })
    assert.deepInclude(report.reasons[0], { text: "by another" })
  })

  it("loads modules before it listens", async () => {
    const folder = makeFolder()
    writeFileSync(
      join(folder, "shout.mjs"),
      `export const adapter = { kind: "shout", run: async () => ({ exitCode: 2, stderr: "from a module" }) }`
    )
    const { post } = await openServer({ plugins: [join(folder, "shout.mjs")] })
    const hooks = { configs: [{ file: "tenterhook.yaml", text: "hooks: [{ on: stop, action: { kind: shout } }]" }] }
    assert.include((await post("/v1/fires", { hooks, event: "stop" })).resume, { reason: "from a module" })
  })
})

describe("what is refused", () => {
  it("an unknown dialect of an upload, with the nearest that the server has", async () => {
    const { ask } = await openServer({ dialects: [cascade] })
    const answer = await ask("POST", "/v1/hook-sets", { body: { dialect: "cascad", ...rules } })
    assert.strictEqual(answer.status, 422)
    assert.strictEqual(answer.body.errors[0].field, "payload.dialect")
    assert.match(answer.body.errors[0].message, /no dialect "cascad"; did you mean "cascade"\? Known are cascade, /)
  })

  it("plugins: of an upload, with its line, and no code runs", async () => {
    const folder = makeFolder()
    writeFileSync(join(folder, "a.mjs"), "globalThis.uploaded = true\nexport const dialects = []")
    const { ask } = await openServer()
    const text = `hooks: []\nplugins: [${join(folder, "a.mjs")}]\n`
    for (const path of ["/v1/hook-sets", "/v1/hook-sets/check"]) {
      const { status, body } = await ask("POST", path, { body: { configs: [{ file: "tenterhook.yaml", text }] } })
      assert.strictEqual(status, 422)
      assert.deepInclude(body.errors[0], { field: "plugins", file: "tenterhook.yaml", line: 2 })
      assert.include(body.errors[0].message, "a config that was sent loads no modules")
    }
    assert.notProperty(globalThis, "uploaded")
  })

  it("a plug-in that cannot be used, before the server listens", async () => {
    for (const [options, message] of [
      [{ plugins: ["./none.mjs"] }, /^plug-in \.\/none\.mjs: no such file; looked for /],
      [{ dialects: [{ id: "x" } as never] }, /^dialects\[0\]\.events: expected a map/],
      [{ dialects: [{ ...cascade, id: "wacht" }] }, /^two dialects with the id "wacht": the built-in one, /]
    ] as const) {
      const data = makeFolder()
      const error = await serve({ port: 0, data, ...options }).then(
        () => null,
        (error: unknown) => error as Error
      )
      assert.deepInclude(error, { name: "PluginError" })
      assert.match(error!.message, message)
    }
  })

  it("a fire of a hook set whose plug-in the server no longer has", async () => {
    const data = join(makeFolder(), "data")
    const first = await openServer({ data, dialects: [cascade] })
    const { id } = await first.post("/v1/hook-sets", rules)
    await first.close()
    const { ask, logged } = await openServer({ data, key: first.key })
    const body = { hookSetId: id, event: "pre_tool_use", context: { tool: { name: "bash" } } }
    for (const path of ["/v1/fires", "/v1/explain"]) {
      const answer = await ask("POST", path, { body })
      assert.strictEqual(answer.status, 422)
      assert.match(answer.body.detail, /cannot tell which dialect|no dialect/)
    }
    assert.deepStrictEqual(logged, [])
  })
})
