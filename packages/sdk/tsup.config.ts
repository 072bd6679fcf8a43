import { library } from "../../tsup.base.ts"

export default library(
  ["src/index.ts", "src/runtime.ts", "src/connectHooks.ts", "src/outbox.ts", "src/options/index.ts"],
  "node"
)
