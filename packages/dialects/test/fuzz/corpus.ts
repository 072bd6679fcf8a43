/** Good configs of every dialect to start from: those of the conformance cases. */
import { globSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { parse } from "yaml"

export interface GoodConfig {
  readonly file: string
  readonly text: string
}

export interface Corpus {
  readonly configs: ReadonlyArray<GoodConfig>
  /** Environments that configure something by themselves. */
  readonly environments: ReadonlyArray<Readonly<Record<string, string>>>
}

const cases = join(import.meta.dirname, "../../../conformance/cases")

/** What the cases of a dialect configure, and a config of its own. */
export const corpusOf = (dialect: string): Corpus => {
  const configs: Array<GoodConfig> = [...(own[dialect] ?? [])]
  const environments: Array<Readonly<Record<string, string>>> = [{}]
  for (const path of globSync(`${dialect}/*.yaml`, { cwd: cases }).toSorted()) {
    const { config, files, env } = parse(readFileSync(join(cases, path), "utf8"))
    for (const name of [config ?? []].flat()) {
      const file = files?.[name]
      const text = typeof file === "string" ? file : file?.content
      if (typeof text === "string")
        configs.push({ file: basename(name), text: text.replaceAll("${CASE_DIR}", dirname("/project/x")) })
    }
    if (env !== undefined)
      environments.push(Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])))
  }
  return { configs, environments }
}

const own: Readonly<Record<string, ReadonlyArray<GoodConfig>>> = {
  native: [
    {
      file: "tenterhook.yaml",
      text: `
policy: { halting: decisive }
policies: { stop: { order: parallel } }
hooks:
  - { on: [pre_tool_use, stop], tool: ["mcp__*", { regex: "^ba", flags: i }], run: ./guard.sh, timeout: 1m30s, onFailure: block }
  - { on: "*", when: { agent.type: { not: [a, 1] } }, run: [prettier, "\${tool.input.path}"], env: { A: "\${tool.name}" }, envBase: [PATH], cwd: "\${configDir}/x" }
  - { on: execution_end, call: append_file, with: { path: /x, content: ["\${tool.input}", { a: "\${prompt}" }] } }
  - { on: pre_tool_use, post: "https://x.example/\${tool.name}", headers: { a: "\${sessionId}" }, secret: { env: KEY } }
  - { on: "a:b", action: { kind: tool, name: t, args: {} } }
`
    }
  ],
  youbencha: [
    {
      file: "suite.yaml",
      text: "name: s\npre_execution:\n  - name: script\n    config: { command: ./a.sh, args: ['${WORKSPACE_DIR}'], env: { A: '${B}' }, timeout_ms: 500 }\n"
    }
  ],
  errata: [
    {
      file: "hooks.json",
      text: '{"hooks":[{"name":"a","event":"pre_tool_use","matcher":"ba*","command":"echo $TOOL_NAME","timeout":"1m30s","inject_output":true,"enabled":true}]}'
    },
    {
      file: "recipe.md",
      text: "# r\n\nversion: 1\n\n## Hooks\n\n### log\n- event: post_tool_use\n- matcher: [a-c]*\n- command: echo $TOOL_NAME\n- timeout: 5s\n- inject_output: true\n\n## Other\n"
    }
  ],
  oats: [
    {
      file: "coder.json",
      text: '{"hooks":{"hooks":[{"event":"pre_tool_use","matcher":"b[!x]*","command":"./a.sh","timeout":5}]}}'
    }
  ],
  wegent: [
    {
      file: "docker-compose.yml",
      text: "services:\n  executor:\n    environment:\n      - WEGENT_HOOK_PRE_EXECUTE=/hooks/a.sh\n      - WEGENT_HOOK_PRE_EXECUTE_TIMEOUT=5\n    volumes:\n      - ./hooks:/hooks:ro\n"
    }
  ]
}
