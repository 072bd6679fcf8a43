import type { ConfigSource } from "@tenterhook/core"
import { dialectSuite } from "@tenterhook/conformance/vitest"
import { oats } from "../../src/index.ts"

const file = (text: string): ConfigSource => ({ _tag: "text", file: "coder.json", folder: "/project", text })
const hook = (keys: string) => file(`{\n  "hooks": [\n    { "event": "pre_tool_use", ${keys} }\n  ]\n}\n`)

dialectSuite({
  dialect: oats,
  adapters: [],
  good: [
    {
      name: "the documented file",
      source: hook('"matcher": "bash", "command": "/path/to/script.sh", "timeout": 30')
    },
    {
      name: "the nested file that upstream's model reads",
      source: file(
        '{ "hooks": { "hooks": [\n  { "event": "file_changed", "matcher": "w[!x]*", "command": "fmt" },\n  { "event": "pre_tool_use", "command": "./a.sh", "timeout": " 4_5 " }\n] } }\n'
      )
    },
    {
      name: "every event",
      source: file(
        `{ "hooks": [\n${[
          "pre_tool_use",
          "post_tool_use",
          "user_prompt_submit",
          "session_start",
          "file_changed",
          "assistant_response"
        ]
          .map((event) => `  { "event": "${event}", "command": "cat" }`)
          .join(",\n")}\n] }\n`
      )
    },
    {
      name: "hooks in code, functions among them",
      source: {
        _tag: "value",
        value: [
          { event: "pre_tool_use", matcher: "ba?h", run: () => ({ action: "block" }), name: "guard" },
          { event: "post_tool_use", command: "./log.sh", timeout: 0.5 }
        ],
        folder: "/project"
      }
    }
  ],
  bad: [
    {
      name: "event",
      source: file('{ "hooks": [{ "event": 7, "command": "a" }] }\n'),
      value: "7",
      right: "pre_tool_use"
    },
    { name: "command", source: hook('"command": ["sh", "a"]'), value: '["sh","a"]', right: "a shell command" },
    { name: "matcher", source: hook('"command": "a", "matcher": ["bash"]'), value: '["bash"]', right: "a pattern" },
    {
      name: "timeout",
      source: hook('"command": "a", "timeout": "30s"'),
      value: '"30s"',
      right: "whole number of seconds"
    },
    {
      name: "fraction",
      source: hook('"command": "a", "timeout": 0.5'),
      value: "0.5",
      right: "whole number of seconds"
    },
    { name: "list", source: file('{ "hooks": "all" }\n'), value: '"all"', right: "a list of hooks" },
    { name: "hook", source: file('{ "hooks": ["sh"] }\n'), value: '"sh"', right: "event and command" }
  ],
  unknown: [
    {
      name: "an event",
      source: file('{ "hooks": [{ "event": "pre_tool", "command": "a" }] }\n'),
      notice: '"pre_tool_use"'
    },
    { name: "a key", source: hook('"command": "a", "macher": "bash"'), notice: '"matcher"' },
    { name: "a misspelt hooks", source: file('{ "hook": [] }\n'), notice: '"hooks"' },
    { name: "alternatives", source: hook('"command": "a", "matcher": "bash|edit"'), notice: "one hook for each tool" },
    { name: "milliseconds", source: hook('"command": "a", "timeout": 5000'), notice: "not milliseconds" }
  ],
  fires: [
    {
      event: "pre_tool_use",
      context: { sessionId: "s1", cwd: "/project", env: { PATH: "/bin" }, tool: { name: "bash", input: { a: 1 } } }
    },
    { event: "post_tool_use", context: { tool: { name: "bash" }, result: { output: { a: [1] }, error: null } } },
    { event: "user_prompt_submit", context: { prompt: "hello" } },
    { event: "file_changed", context: { tool: { name: "write" }, filePath: "/project/a.ts" } },
    { event: "assistant_response", context: { response: "done" } }
  ],
  outputs: [
    '{"action":"block","message":"no"}',
    '{"action":"modify","modified_args":{"a":2}}',
    '{"action":"modify"}',
    '{"action":"continue","modified_args":{},"message":"..."}',
    '{"action":"block","n":NaN}'
  ]
})
