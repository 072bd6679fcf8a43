import { dialectSuite } from "@tenterhook/conformance/vitest"
import { type ConfigSource, FunctionAdapter } from "@tenterhook/core"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { native } from "../../src/index.ts"

const examples = join(import.meta.dirname, "../../../../examples/native")
const file = (text: string): ConfigSource => ({ _tag: "text", file: "tenterhook.yaml", folder: "/project", text })
const hook = (keys: string) => file(`hooks:\n  - { on: pre_tool_use, ${keys} }\n`)
const example = (name: string): ConfigSource => ({
  _tag: "text",
  file: name,
  folder: examples,
  text: readFileSync(join(examples, name), "utf8")
})

dialectSuite({
  dialect: native,
  adapters: [FunctionAdapter.functionAdapter],
  good: [
    ...["guard.yaml", "format.yaml", "tests-before-stop.yaml", "tenterhook.json"].map((name) => ({
      name,
      source: example(name)
    })),
    {
      name: "tool and web",
      source: file(
        "hooks:\n  - { on: '*', call: log, with: { a: '${event}' } }\n  - { on: '*', post: 'https://ops.example.com/${event}' }\n"
      )
    },
    {
      name: "hooks in code",
      source: { _tag: "value", value: [{ on: "stop", run: () => undefined }], folder: "/project" }
    }
  ],
  bad: [
    { name: "timeout", source: hook("run: ls, timeout: 5"), value: "5", right: "5s" },
    { name: "onFailure", source: hook("run: ls, onFailure: closed"), value: '"closed"', right: "continue or block" },
    { name: "event", source: file("hooks:\n  - { on: 5, run: ls }\n"), value: "5", right: "an event" },
    { name: "argument", source: hook("run: [sleep, 10]"), value: "10", right: "quotes" },
    { name: "glob", source: hook('run: ls, tool: "a[b"'), value: '"a[b"', right: "\\[" },
    { name: "regex", source: hook('run: ls, tool: { regex: "(" }'), value: "(", right: "compile" },
    { name: "address", source: hook("post: ops.example.com"), value: '"ops.example.com"', right: "https://" },
    { name: "kind", source: hook("action: { kind: functoin }"), value: '"functoin"', right: '"function"' }
  ],
  unknown: [
    { name: "an event", source: file("hooks:\n  - { on: pre_tool, run: ls }\n"), notice: '"pre_tool_use"' },
    { name: "a key", source: hook("run: ls, timout: 5s"), notice: '"timeout"' },
    { name: "a key of the file", source: file("hooks: []\npolcy: {}\n"), notice: '"policy"' }
  ],
  fires: [
    {
      event: "pre_tool_use",
      context: { cwd: "/project", env: { PATH: "/bin" }, tool: { name: "bash", input: { path: "a" } } }
    },
    { event: "post_tool_use", context: { tool: { name: "write", input: { path: "a" } } } },
    { event: "stop", context: { agent: { type: "reviewer" }, lastMessage: "done" } },
    { event: "execution_end", context: { outcome: "success" } }
  ],
  outputs: [
    "plain",
    '{"verdict":"deny"}',
    '{"verdict":"allow","context":["a"]}',
    '{"halt":"enough"}',
    '{"decision":"block"}'
  ]
})
