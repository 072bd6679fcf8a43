import type { ConfigSource } from "@tenterhook/core"
import { dialectSuite } from "@tenterhook/conformance/vitest"
import { errata } from "../../src/index.ts"

const text = (file: string, content: string): ConfigSource => ({
  _tag: "text",
  file,
  folder: "/project",
  text: content
})
const list = (keys: string) => text("hooks.yaml", `hooks:\n  - { event: pre_tool_use, ${keys} }\n`)
const recipe = (...lines: ReadonlyArray<string>) =>
  text("recipe.md", ["version: 1", "## Hooks", "### a", ...lines, ""].join("\n"))

const env = { PATH: "/usr/bin:/bin" }

dialectSuite({
  dialect: errata,
  adapters: [],
  good: [
    {
      name: "upstream's example recipe",
      source: recipe(
        "event: post_tool_use",
        "matcher: edit_file",
        "command: go vet ./... 2>&1 | head -20",
        "timeout: 30s",
        "inject_output: true",
        "### check",
        "- event: session_start",
        "- command: echo $TOOL_NAME"
      )
    },
    {
      name: "a list in YAML",
      source: text(
        "hooks.yaml",
        "hooks:\n  - { name: log, event: pre_tool_use, matcher: 'b[^x]*', command: 'echo $TOOL_NAME', timeout: 1m30s }\n  - { event: session_end, command: 'true', enabled: false }\n"
      )
    },
    {
      name: "a list in JSON",
      source: text(
        "hooks.json",
        '[\n  { "name": "a", "event": "pre_prompt", "command": "date", "inject_output": true, "timeout": 5 },\n  { "event": "pre_tool_use", "action": "command", "command": "true" }\n]\n'
      )
    },
    {
      name: "hooks in code",
      source: {
        _tag: "value",
        value: [{ name: "a", event: "post_tool_use", matcher: "bash", command: "true", timeout: 0 }],
        folder: "/project"
      }
    }
  ],
  bad: [
    {
      name: "event",
      source: text("hooks.yaml", "- { event: [stop], command: a }\n"),
      value: `["stop"]`,
      right: "session_start"
    },
    { name: "command", source: list("command: [a, b]"), value: `["a","b"]`, right: "a shell command" },
    { name: "no command", source: list("name: a"), value: "nothing", right: "a shell command" },
    { name: "action", source: list("command: a, action: prompt"), value: `"prompt"`, right: `"command"` },
    { name: "matcher", source: list("command: a, matcher: 5"), value: "5", right: "a glob" },
    { name: "timeout", source: list("command: a, timeout: soon"), value: `"soon"`, right: "30s" },
    { name: "unit", source: list("command: a, timeout: 1d"), value: `"1d"`, right: `unknown unit "d"` },
    { name: "enabled", source: list("command: a, enabled: maybe"), value: `"maybe"`, right: "true or false" },
    {
      name: "timeout of a recipe",
      source: recipe("event: session_start", "command: a", "timeout: 30 seconds"),
      value: `"30 seconds"`,
      right: "1m30s"
    },
    { name: "version", source: text("recipe.md", "version: 2\n## Hooks\n"), value: "2", right: "max supported: 1" }
  ],
  unknown: [
    { name: "an event", source: text("hooks.yaml", "- { event: pre_tool, command: a }\n"), notice: '"pre_tool_use"' },
    { name: "a key", source: list("command: a, comand: b"), notice: '"command"' },
    {
      name: "a key of a recipe",
      source: recipe("event: session_start", "command: a", "enabled: no"),
      notice: "enabled"
    },
    { name: "a malformed matcher", source: list('command: a, matcher: "[a"'), notice: "path.Match" },
    { name: "alternatives", source: list("command: a, matcher: 'a|b'"), notice: "one hook for each tool" },
    {
      name: "a matcher elsewhere",
      source: text("h.yaml", "- { event: session_end, command: a, matcher: b }\n"),
      notice: "always runs"
    }
  ],
  fires: [
    { event: "pre_tool_use", context: { cwd: "/project", env, tool: { name: "bash", input: { a: 1 } } } },
    {
      event: "post_tool_use",
      context: { tool: { name: "edit_file" }, extra: { env: { TOOL: "a", N: 1, NONE: null } } }
    },
    { event: "session_start", context: { sessionId: "s1" } },
    { event: "pre_model_request", context: { request: {} } }
  ],
  outputs: ["all good\n", '{"action":"block"}\n']
})
