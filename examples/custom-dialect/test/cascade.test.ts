import { runCases, engineSubject } from "@tenterhook/conformance"
import { dialectSuite } from "@tenterhook/conformance/vitest"
import type { ConfigSource } from "@tenterhook/core"
import { createHooks, dialectOf } from "@tenterhook/sdk"
import { join } from "node:path"
import { assert, it } from "vitest"
import { dialect } from "../cascade.ts"

const config = (rules: string): ConfigSource => ({
  _tag: "text",
  file: "cascade.yaml",
  folder: "/project",
  text: `rules:\n  - ${rules}\n`
})
const rule = (keys: string) => config(`{ gate: before_tool, command: ./check, ${keys} }`)

dialectSuite({
  dialect: dialectOf(dialect),
  adapters: [],
  good: [
    { name: "a rule", source: rule("name: guard, tools: [shell, write], seconds: 5, strict: true") },
    { name: "several", source: config("{ gate: before_start, command: a }\n  - { gate: after_end, command: b }") },
    {
      name: "in code",
      source: { _tag: "value", value: { rules: [{ gate: "after_tool", command: "./log" }] }, folder: "/project" }
    }
  ],
  bad: [
    { name: "no rules", source: { ...rule(""), text: "rules: 7" } as ConfigSource, value: "7", right: "a list" },
    { name: "no command", source: config("{ gate: before_tool }"), value: "nothing", right: "a command line" },
    { name: "seconds", source: rule("seconds: 0"), value: "0", right: "up to 3600" },
    { name: "strict", source: rule("strict: 1"), value: "1", right: "true or false" }
  ],
  unknown: [
    { name: "a gate", source: config("{ gate: befor_tool, command: a }"), notice: `"before_tool"` },
    { name: "a key", source: rule("tool: shell"), notice: `unknown key "tool"` }
  ],
  fires: [
    { event: "pre_tool_use", context: { cwd: "/project", env: {}, tool: { name: "shell", input: { command: "ls" } } } },
    { event: "post_tool_use", context: { tool: { name: "shell" } } },
    { event: "execution_start", context: {} }
  ],
  outputs: ["not on a Friday\n"]
})

it("passes its cases", async () => {
  const subject = engineSubject({
    needs: ["shell"],
    createHooks: (options) => createHooks({ ...options, dialects: [dialect] })
  })
  const result = await runCases([join(import.meta.dirname, "../cases")], subject)
  assert.deepStrictEqual(
    result.cases.filter(({ status }) => status !== "passed"),
    []
  )
  assert.strictEqual(result.passed, 3)
})
