import { library } from "../../tsup.base.ts"

export default library(
  ["src/index.ts", "src/signature.ts", "src/outbox.ts", "src/outbox/chaos/index.ts", "src/outbox/chaos/host.ts"],
  "node"
)
