/** Source: Wegent, pre-execute hooks. */
import type { Scene } from "./Scene.ts"

export const wegent: Scene = {
  system: "Wegent",
  document: "Pre-execute hooks",
  about: "Before each task Wegent runs one script, named by environment variables. A failure never stops the task.",

  files: {
    "hooks/pre-execute.sh": `#!/bin/bash
# Pre-execute hook example
TASK_DIR="$1"

echo "Pre-execute hook running"
echo "Task Directory: $TASK_DIR"
echo "Task ID: $WEGENT_TASK_ID"
echo "Git URL: $WEGENT_GIT_URL"

# Example: Create a marker file
touch "$TASK_DIR/.hook-executed"

exit 0
`
  },

  scripts: ["hooks/pre-execute.sh"],

  acts: (folder) => [
    {
      dialect: "wegent",
      env: {
        WEGENT_HOOK_PRE_EXECUTE: `${folder}/hooks/pre-execute.sh`,
        WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: "60"
      },
      says: "task 7 is about to start",
      event: "execution_start",
      context: { task: { id: "7", dir: `${folder}/task`, repoUrl: "https://example.com/demo.git" } },
      expect: { proceed: true, hooks: ["succeeded"], wrote: ["task/.hook-executed"] }
    }
  ]
}
