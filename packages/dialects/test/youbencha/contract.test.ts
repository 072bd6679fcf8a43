import type { ConfigSource } from "@tenterhook/core"
import { dialectSuite } from "@tenterhook/conformance/vitest"
import { youbencha } from "../../src/index.ts"

const yaml = (text: string): ConfigSource => ({ _tag: "text", file: "testcase.yaml", folder: "/project", text })
const pre = (config: string) => yaml(`pre_execution:\n  - name: script\n    config: ${config}\n`)

const env = { PATH: "/usr/bin:/bin", HOME: "/home/a", USER: "a", SECRET: "s", TOKEN: "t" }

dialectSuite({
  dialect: youbencha,
  adapters: [],
  good: [
    {
      name: "a whole test case",
      source: yaml(
        [
          "name: login",
          "repo: https://x/y",
          "pre_execution:",
          "  - { name: script, config: { command: bash, args: ['-c', 'echo ${BRANCH}'], env: { KEY: '${SECRET}' } } }",
          "  - { name: script, config: { command: ' ' } }",
          "post_evaluation:",
          "  - { name: database, config: { type: json-file, output_path: out.jsonl } }",
          "  - { name: webhook, config: { url: 'https://e.com/${TOKEN}', headers: { A: b } } }",
          "  - { name: script, config: { command: notify, working_dir: sub } }",
          ""
        ].join("\n")
      )
    },
    {
      name: "a list in code",
      source: { _tag: "value", value: [{ name: "script", config: { command: "x" } }], folder: "/project" }
    }
  ],
  bad: [
    {
      name: "kind",
      source: yaml("pre_execution:\n  - { name: scrpt, config: {} }\n"),
      value: `"scrpt"`,
      right: `did you mean "script"?`
    },
    { name: "command", source: pre("{ command: 5 }"), value: "5", right: "expected text" },
    { name: "timeout", source: pre("{ command: x, timeout_ms: -1 }"), value: "-1", right: "milliseconds above 0" },
    { name: "args", source: pre("{ command: x, args: y }"), value: `"y"`, right: "a list of arguments" },
    { name: "env", source: pre("{ command: x, env: { A: 1 } }"), value: "1", right: "in quotes" },
    { name: "list", source: yaml("pre_execution: 7\n"), value: "7", right: "a list of hooks" }
  ],
  unknown: [
    { name: "a misspelt key", source: pre("{ command: x, timout_ms: 5 }"), notice: `did you mean "timeout_ms"?` }
  ],
  fires: [
    { event: "execution_start", context: { cwd: "/project", env, task: { branch: "b" } } },
    { event: "post_evaluation", context: { cwd: "/project", env, results: { a: 1 }, status: "passed" } }
  ],
  outputs: ["ready\n"]
})
