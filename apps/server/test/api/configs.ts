/** Hook sets for the fuzz: they load, and nothing that they name runs anything on this machine. */

export interface Upload {
  readonly dialect?: string
  readonly mode?: string
  readonly configs: ReadonlyArray<{ readonly file: string; readonly text: string }>
}

/** A tool that no fire names, so that commands are loaded and explained but never run. */
const never = "never_called"

export const uploads: ReadonlyArray<Upload> = [
  { dialect: "native", configs: [] },
  {
    dialect: "native",
    configs: [
      {
        file: "tenterhook.yaml",
        text: `policy: { halting: decisive }
hooks:
  - { on: "*", call: append_file, with: { path: /shared/fuzz.txt, content: "\${sessionId}" } }
  - { on: [pre_tool_use, stop], tool: [${never}], run: ["true"], timeout: 1s, onFailure: block }
  - { on: pre_tool_use, post: "http://10.0.0.1/\${tool.name}" }
  - { on: execution_end, call: no_such_tool, with: { a: ["\${tool.input}", { b: "\${prompt}" }] } }
`
      }
    ]
  },
  {
    dialect: "wacht",
    configs: [
      {
        file: "agent.json",
        text: '{"hooks":{"execution_start":[{"tool_name":"read_file","args":{"path":"/shared/fuzz.txt"}}],"execution_end":[{"tool_name":"gone"},{"tool_name":"v_x_y"}]}}'
      }
    ]
  },
  {
    dialect: "oats",
    configs: [
      {
        file: "coder.json",
        text: `{"hooks":{"hooks":[{"event":"pre_tool_use","matcher":"${never}","command":"true","timeout":5}]}}`
      }
    ]
  },
  {
    dialect: "errata",
    configs: [
      {
        file: "hooks.json",
        text: `{"hooks":[{"name":"a","event":"pre_tool_use","matcher":"${never}","command":"true","timeout":"1s","inject_output":true,"enabled":true}]}`
      }
    ]
  },
  {
    dialect: "youbencha",
    configs: [
      {
        file: "suite.yaml",
        text: "name: s\npre_execution:\n  - name: script\n    config: { command: ./no-such-program, args: ['${WORKSPACE_DIR}'], timeout_ms: 500 }\n"
      }
    ]
  },
  {
    dialect: "wegent",
    configs: [
      {
        file: "docker-compose.yml",
        text: "services:\n  executor:\n    environment:\n      - WEGENT_HOOK_PRE_EXECUTE=/no/such/program.sh\n      - WEGENT_HOOK_PRE_EXECUTE_TIMEOUT=5\n"
      }
    ]
  },
  { configs: [{ file: "unknown.json", text: "{}" }] },
  { dialect: "none-of-ours", configs: [] }
]

/** In the shape of Wacht's API. */
export const agentHooks: ReadonlyArray<unknown> = [
  {},
  { execution_start: [{ tool_name: "read_file", args: { path: "/shared/fuzz.txt" } }] },
  { execution_end: [{ tool_name: "append_file", args: { path: "/shared/end.txt", content: "ended" } }] },
  { execution_start: [], execution_end: [{ tool_name: "gone" }, { tool_name: "v_x_y", args: null }] },
  null,
  { no_such_phase: [] },
  { execution_start: [{ tool_name: "" }] }
]
