/** The published JSON Schema says what the loader says, checked by a validator that editors use too. */
import { assert, describe, expect, it } from "@effect/vitest"
import { FunctionAdapter } from "@tenterhook/core"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Exit } from "effect"
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { parse } from "yaml"
import { native, nativeJsonSchema } from "../../src/index.ts"

const root = join(import.meta.dirname, "../../../..")
const accepts = new Ajv2020({ allErrors: true, strictTypes: false }).compile(nativeJsonSchema())
const problemsOf = (value: unknown) =>
  accepts(value) ? [] : accepts.errors!.map((one) => `${one.instancePath} ${one.message}`)

const loads = async (file: string, text: string) => {
  const options = { mode: "documented", adapters: [FunctionAdapter.functionAdapter] }
  return Exit.isSuccess(await Effect.runPromiseExit(native.load({ _tag: "text", file, folder: "/", text }, options)))
}

describe("tenterhook.schema.json", () => {
  it("is made from the schema that decodes; vitest -u writes it", async () => {
    await expect(`${JSON.stringify(nativeJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      "../../schema/tenterhook.schema.json"
    )
  })

  it("has the version of the package that ships it in its id", () => {
    assert.strictEqual(
      nativeJsonSchema("1.2.3")["$id"],
      "https://unpkg.com/tenterhook@1.2.3/schema/tenterhook.schema.json"
    )
  })

  it.each(globSync("examples/native/*.{yaml,json}", { cwd: root }))("accepts %s", (file) => {
    assert.deepStrictEqual(problemsOf(parse(readFileSync(join(root, file), "utf8"))), [], basename(file))
  })

  it("accepts every config of the conformance cases that loads", async () => {
    const configs = globSync("packages/conformance/cases/native/*.yaml", { cwd: root }).flatMap((file) => {
      const { files = {}, config, lenient } = parse(readFileSync(join(root, file), "utf8"))
      const names: ReadonlyArray<string> = lenient === true ? [] : [config ?? []].flat()
      return names.filter((name) => typeof files[name] === "string").map((name) => ({ file, name, text: files[name] }))
    })
    let accepted = 0
    for (const { file, name, text } of configs) {
      if (!(await loads(name, text))) continue
      assert.deepStrictEqual(problemsOf(parse(text, { merge: true })), [], file)
      accepted++
    }
    assert.isAbove(accepted, 50)
  })

  const hook = (more: object) => ({ hooks: [{ on: "stop", run: "true", ...more }] })
  it.each<[string, unknown]>([
    ["no hooks", {}],
    ["a bare number as timeout", hook({ timeout: 5 })],
    ["a time without a unit", hook({ timeout: "5" })],
    ["a time with a long unit", hook({ timeout: "5 minutes" })],
    ["a time that names a unit twice", hook({ timeout: "1m1m" })],
    ["an unknown key of a hook", hook({ timout: "5s" })],
    ["an unknown key of the file", { hooks: [], polcy: {} }],
    ["an unknown key of defaults", { hooks: [], defaults: { timout: "5s" } }],
    ["an unknown key of a policy", { hooks: [], policy: { ordr: "parallel" } }],
    ["an unknown key of an event's policy", { hooks: [], policies: { stop: { ordr: "parallel" } } }],
    [
      "an unknown key of a secret",
      { hooks: [{ on: "stop", post: "https://a.example", secret: { env: "A", envv: "B" } }] }
    ],
    ["an unknown key of a pattern", hook({ tool: { regex: "a", flag: "i" } })],
    ["an unknown event", { hooks: [{ on: "PreToolUse", run: "true" }] }],
    ["an unknown event in a list", { hooks: [{ on: ["stop", "pre_tol_use"], run: "true" }] }],
    ["a policy for an unknown event", { hooks: [], policies: { PreToolUse: { order: "parallel" } } }],
    ["a hook without an event", { hooks: [{ run: "true" }] }],
    ["a hook without an action", { hooks: [{ on: "stop" }] }],
    ["a hook with two actions", hook({ call: "log" })],
    ["a key of another action", hook({ with: {} })],
    ["an unknown failure policy", hook({ onFailure: "closed" })],
    ["a number as an argument", { hooks: [{ on: "stop", run: ["sleep", 5] }] }],
    ["a secret in the file", { hooks: [{ on: "stop", post: "https://ops.example.com", secret: "whsec_x" }] }],
    ["a policy that halts in parallel", { hooks: [], policy: { order: "parallel", halting: "decisive" } }],
    ["hooks as a map", { hooks: { PreToolUse: [] } }],
    ["another version", { version: 2, hooks: [] }]
  ])("refuses %s, as loading does", async (_, document) => {
    assert.isNotEmpty(problemsOf(document))
    assert.isFalse(await loads("tenterhook.json", JSON.stringify(document)))
  })

  it.each<[string, unknown]>([
    ["keys that begin with x-", { "x-a": 1, hooks: [], defaults: { "x-b": 1 }, policy: { "x-c": {} } }],
    ["keys that begin with x- in a hook and its patterns", hook({ "x-a": 1, tool: { regex: "a", "x-b": 1 } })],
    ["events of a namespace", { hooks: [{ on: "my-host:deployed", run: "true" }], policies: { "a:b": {} } }],
    ["all events", { hooks: [{ on: "*", run: "true" }] }],
    ["parallel without halting", { hooks: [], policy: { order: "parallel", halting: "never" } }]
  ])("accepts %s, as loading does", async (_, document) => {
    assert.deepStrictEqual(problemsOf(document), [])
    assert.isTrue(await loads("tenterhook.json", JSON.stringify(document)))
  })
})
