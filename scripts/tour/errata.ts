/** Source: errata, package hooks v0.1.5, and its example recipe, with `node --check` in the place of `go vet`. */
import type { Scene } from "./Scene.ts"

export const errata: Scene = {
  system: "errata",
  document: "Package hooks, in a recipe",
  about: "A recipe's hooks run in order around an agent's tools. What they print can be given back to the model.",

  files: {
    "recipe.md": `# Demo
version: 1

## Hooks

### session_start_check
event: session_start
command: node --version | tee session.log
timeout: 10s

### post_edit_vet
event: post_tool_use
matcher: edit_file
command: node --check app.js 2>&1 | head -20
timeout: 30s
inject_output: true

### post_edit_test
event: post_tool_use
matcher: edit_*
command: echo "$TOOL_NAME changed app.js" >> edits.log
timeout: 60s
`,
    "app.js": "const answer = 6 * * 7\n"
  },

  scripts: [],

  acts: (folder) => [
    {
      dialect: "errata",
      config: "recipe.md",
      says: "a session begins",
      event: "session_start",
      context: { cwd: folder, sessionId: "s1" },
      expect: { proceed: true, hooks: ["succeeded"], wrote: ["session.log"] }
    },
    {
      dialect: "errata",
      config: "recipe.md",
      says: "the agent has edited app.js, and left a mistake in it",
      event: "post_tool_use",
      context: { cwd: folder, sessionId: "s1", tool: { name: "edit_file", input: { path: "app.js" } } },
      expect: { proceed: true, hooks: ["succeeded", "succeeded"], wrote: ["edits.log"] }
    }
  ]
}
