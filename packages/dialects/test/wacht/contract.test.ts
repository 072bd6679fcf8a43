import { dialectSuite } from "@tenterhook/conformance/vitest"
import type { ConfigSource } from "@tenterhook/core"
import { wacht } from "../../src/index.ts"

const agent = (text: string): ConfigSource => ({ _tag: "text", file: "agent.json", folder: "/project", text })
const start = (step: string) => agent(`{ "hooks": { "execution_start": [ { "tool_name": "ok" }, ${step} ] } }`)

/** Source: Wacht, Execution hooks, "API shape". */
const documented = `{
  "hooks": {
    "execution_start": [
      {
        "tool_name": "read_file",
        "args": { "path": "/shared/context.md" }
      }
    ],
    "execution_end": [
      {
        "tool_name": "append_file",
        "args": {
          "path": "/shared/run-log.md",
          "content": "Execution finished."
        }
      }
    ]
  }
}
`

dialectSuite({
  dialect: wacht,
  adapters: [],
  good: [
    { name: "the documented object", source: agent(documented) },
    {
      name: "a phase that only the product knows",
      source: agent(`{ "hooks": { "before_tool": [ { "tool_name": "v_x_y" } ] } }`)
    },
    {
      name: "hooks in code",
      source: { _tag: "value", value: { execution_end: [{ tool_name: "x" }] }, folder: "/project" }
    }
  ],
  bad: [
    { name: "a blank name", source: start(`{ "tool_name": " " }`), value: `" "`, right: "must not be empty" },
    { name: "no name", source: start(`{ "args": {} }`), value: "nothing", right: "must not be empty" },
    {
      name: "args that are a list",
      source: start(`{ "tool_name": "x", "args": [1] }`),
      value: "[1]",
      right: "must be a JSON object"
    },
    {
      name: "a step that is none",
      source: start(`"read_file"`),
      value: `"read_file"`,
      right: "an object with tool_name and args"
    },
    {
      name: "no list",
      source: agent(`{ "hooks": { "execution_end": 7 } }`),
      value: "7",
      right: "expected a list of steps"
    },
    { name: "hooks that are a list", source: agent(`{ "hooks": [] }`), value: "[]", right: "expected an object" }
  ],
  unknown: [
    { name: "a misspelt phase", source: agent(`{ "hooks": { "execution_strat": [] } }`), notice: `"execution_start"` }
  ],
  fires: [
    {
      event: "execution_start",
      context: { agent: { id: "a" }, threadId: "t", executionId: "e", extra: { deployment_id: 7, board_item_id: null } }
    },
    { event: "execution_end", context: { outcome: "success" } },
    { event: "pre_tool_use", context: { tool: { name: "bash", input: {} } } }
  ],
  outputs: [`{"text": "hello"}`]
})
