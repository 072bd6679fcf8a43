import { library } from "../../tsup.base.ts"

export default library(["src/index.ts", "src/signature.ts", "src/outbox.ts"], "node")
