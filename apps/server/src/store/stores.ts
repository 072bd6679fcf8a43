/**
 * All that is kept, as the server asks for it. Another engine stands here when it brings these services and passes the
 * contract: contract.ts, which is exported.
 */
import type { Outbox } from "@tenterhook/webhook/outbox"
import { Layer } from "effect"
import { Keys } from "../keys/Keys.ts"
import { Agents } from "./Agents.ts"
import { Executions } from "./Executions.ts"
import { Fires } from "./Fires.ts"
import { HookSets } from "./HookSets.ts"
import { ToolServers } from "./ToolServers.ts"
import { Uploads } from "./Uploads.ts"

export type Stores = Agents | ToolServers | HookSets | Executions | Fires | Uploads | Keys | Outbox

/** On a `SqlClient` whose tables are there. */
export const stores = Layer.mergeAll(
  Agents.layer,
  ToolServers.layer,
  HookSets.layer,
  Executions.layer,
  Fires.layer
).pipe(Layer.provideMerge(Layer.mergeAll(Uploads.layer, Keys.layer)))
