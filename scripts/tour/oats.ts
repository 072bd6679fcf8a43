/** Source: oats, hook engine: `coder.json`, and the three actions that a hook may answer with. */
import type { EventContext } from "@tenterhook/sdk"
import type { Act, Scene } from "./Scene.ts"

export const oats: Scene = {
  system: "oats",
  document: "Hook engine",
  about: "A hook reads what the agent is about to do as JSON, and answers: continue, block, or modify the arguments.",

  files: {
    "coder.json": `{
  "hooks": [
    {
      "event": "pre_tool_use",
      "matcher": "bash",
      "command": "./guard.sh",
      "timeout": 30
    }
  ]
}
`,
    "guard.sh": `#!/bin/sh
# Reads the context on stdin, answers with JSON on stdout.
context=$(cat)
printf '%s\\n' "$context" >> audit.jsonl

case "$context" in
  *"rm -rf"*) echo '{"action": "block", "message": "rm -rf is not allowed here"}' ;;
  *"git push --force"*) echo '{"action": "modify", "modified_args": {"command": "git push --force-with-lease"}}' ;;
  *) echo '{"action": "continue"}' ;;
esac
`
  },

  scripts: ["guard.sh"],

  acts: (folder) => [
    act(folder, "git status", { proceed: true, wrote: ["audit.jsonl"] }),
    act(folder, "git push --force", { proceed: true, wrote: ["audit.jsonl"] }),
    act(folder, "rm -rf /", { proceed: false, wrote: ["audit.jsonl"] })
  ]
}

const act = (folder: string, command: string, expect: Omit<Act["expect"], "hooks">): Act => {
  const context: EventContext = { cwd: folder, sessionId: "s1", tool: { name: "bash", input: { command } } }
  return {
    dialect: "oats",
    config: "coder.json",
    says: `the agent wants to run \`${command}\``,
    event: "pre_tool_use",
    context,
    expect: { ...expect, hooks: ["succeeded"] }
  }
}
