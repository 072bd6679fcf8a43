/** Every dialect of ours. Import it when it is needed: it loads all of them. */
import type { Dialect } from "@tenterhook/core"
import * as exported from "@tenterhook/dialects"

const isDialect = (value: unknown): value is Dialect =>
  typeof value === "object" && value !== null && "discover" in value && "events" in value

export const dialects: ReadonlyArray<Dialect> = Object.values(exported as Record<string, unknown>).filter(isDialect)
