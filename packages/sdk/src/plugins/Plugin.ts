/** What a plug-in module exports: adapters and dialects of somebody else. */
import type { EngineAdapter, PlainAdapter } from "../PlainAdapter.ts"
import type { PlainDialect } from "../PlainDialect.ts"
import type { EngineDialect } from "./dialectOf.ts"

export interface Plugin {
  readonly dialects?: ReadonlyArray<PlainDialect | EngineDialect>
  readonly adapters?: ReadonlyArray<PlainAdapter | EngineAdapter>
}

/** For types: `export default definePlugin({ dialects, adapters })`. */
export const definePlugin = (plugin: Plugin): Plugin => plugin
