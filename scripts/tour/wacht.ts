/** Source: Wacht, Execution hooks: "API shape". */
import type { EventContext } from "@tenterhook/sdk"
import type { Scene } from "./Scene.ts"

export const wacht: Scene = {
  system: "Wacht",
  document: "Execution hooks",
  about: "Tool calls around each execution. Each step's outcome is announced: a signed webhook, to whoever subscribed.",

  files: {
    "agent.json": `{
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
`,
    "shared/context.md": "# Context\nThe release is frozen until Thursday.\n"
  },

  scripts: ["shared/context.md"],
  shared: "shared",
  receiver: { events: ["agent.*"] },

  acts: () => [
    {
      dialect: "wacht",
      config: "agent.json",
      says: "an execution starts; a tool reads a real file, and the conversation gets it",
      event: "execution_start",
      context,
      expect: {
        proceed: true,
        hooks: ["succeeded"],
        wrote: [],
        received: ["agent.execution_start_hook.succeeded"]
      }
    },
    {
      dialect: "wacht",
      config: "agent.json",
      says: "it has ended; a tool adds to the log",
      event: "execution_end",
      context: { ...context, outcome: "success" },
      expect: {
        proceed: true,
        hooks: ["succeeded"],
        wrote: ["shared/run-log.md"],
        received: ["agent.execution_end_hook.succeeded"]
      }
    }
  ]
}

const context: EventContext = {
  agent: { id: "a1" },
  threadId: "t1",
  executionId: "e1",
  extra: { deployment_id: "d1", board_item_id: "b1" }
}
