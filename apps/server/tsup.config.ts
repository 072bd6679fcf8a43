import { library } from "../../tsup.base.ts"

export default library(
  ["src/index.ts", "src/api.ts", "src/keys.ts", "src/migrate.ts", "src/store-contract.ts", "src/chaos/index.ts"],
  "node"
)
