/** Source: youBencha, pre-execution hooks: "Create Configuration File", "Generate Mock Data", "Best Practices". */
import type { Scene } from "./Scene.ts"

export const youbencha: Scene = {
  system: "youBencha",
  document: "Pre-execution hooks",
  about: "Scripts prepare a workspace before an agent is evaluated in it. The first that fails stops the evaluation.",

  files: {
    "suite.yaml": `pre_execution:
  - name: script
    config:
      command: bash
      args:
        - "-c"
        - |
          mkdir -p \${WORKSPACE_DIR}/config
          cat > \${WORKSPACE_DIR}/config/auth.json << EOF
          {
            "jwtSecret": "test-secret-key",
            "tokenExpiry": "24h"
          }
          EOF
  - name: script
    config:
      command: node
      args:
        - "-e"
        - |
          const fs = require('fs');
          const data = Array.from({length: 100}, (_, i) => ({
            id: i + 1,
            name: \`User \${i + 1}\`
          }));
          fs.writeFileSync(
            process.env.REPO_DIR + '/fixtures/users.json',
            JSON.stringify(data, null, 2)
          );
`,
    "strict.yaml": `pre_execution:
  - name: script
    config:
      command: bash
      args:
        - "-c"
        - |
          set -e  # Exit on first error

          # Validate prerequisites
          if [ ! -f "\${REPO_DIR}/package.json" ]; then
            echo "Error: package.json not found"
            exit 1
          fi

          # Proceed with setup
          cd \${REPO_DIR}
          npm install
`,
    "repo/fixtures/.keep": ""
  },

  scripts: [],

  acts: (folder) => [
    {
      dialect: "youbencha",
      config: "suite.yaml",
      says: "an agent is about to be evaluated in a prepared workspace",
      event: "execution_start",
      context: { task: { name: "demo", workspaceDir: `${folder}/repo` } },
      expect: {
        proceed: true,
        hooks: ["succeeded", "succeeded"],
        wrote: ["repo/config/auth.json", "repo/fixtures/users.json"]
      }
    },
    {
      dialect: "youbencha",
      config: "strict.yaml",
      says: "the next one wants a package.json, which this workspace does not have",
      event: "execution_start",
      context: { task: { name: "strict", workspaceDir: `${folder}/repo` } },
      expect: { proceed: false, hooks: ["failed"], wrote: [] }
    }
  ]
}
