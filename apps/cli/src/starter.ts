/** The config that `init` writes: short, commented, and working as it stands. */

import { version } from "./version.ts"

/** The schema of this version, for where the package is not installed. `tenterhook schema config` prints the same. */
export const schemaUrl = `https://unpkg.com/tenterhook@${version}/schema/tenterhook.schema.json`

export const starter = `# yaml-language-server: $schema=${schemaUrl}
#
# The hooks of an AI agent. Try them without an agent:
#   tenterhook fire pre_tool_use --set tool.name=bash
#   tenterhook fire pre_tool_use --set tool.name=bash --set tool.input.command="rm -rf /"
#   tenterhook explain pre_tool_use --set tool.name=bash
#   tenterhook check

hooks:
  # Before the agent uses its shell. The hook gets the event as JSON on stdin, and its values as variables where \`env\`
  # asks for them. Exit code 0 lets it happen, 2 says no, with stderr as the reason.
  - name: no-rm-rf-root
    on: pre_tool_use
    tool: bash
    run: |
      if grep -Eq 'rm +-[a-z]*r[a-z]* +/("|$| )'; then
        echo "removing / is not what you want" >&2
        exit 2
      fi
    timeout: 5s # ends the hook and everything it started
    onFailure: block # a guard that breaks must not let everything through

  # Before any tool. A hook may answer with JSON on stdout: here, a note for the agent.
  - name: note
    on: pre_tool_use
    env:
      TOOL: \${tool.name}
    run: printf '{"context":"hooks saw %s at %s"}' "$TOOL" "$(date +%H:%M)"

  # When the agent's run ends. \`tenterhook exec -- <command>\` announces the start and the end of a command.
  - name: run-log
    on: execution_end
    env:
      OUTCOME: \${outcome}
    run: echo "the run ended ($OUTCOME)" >&2
`
