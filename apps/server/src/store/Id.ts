/** Ids of what is made here: a prefix that says what it is, and 24 characters. */
import { Effect } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { IdempotentId } from "../http/idempotency.ts"

/** The same one for a request that is sent again with its idempotency key. */
export const mintId = (prefix: "ag" | "hs" | "ex" | "ep") =>
  Effect.map(IdempotentId, (key) => {
    const text =
      key === null
        ? randomBytes(12).toString("hex")
        : createHash("sha256").update(`${prefix} ${key}`).digest("hex").slice(0, 24)
    return `${prefix}_${text}`
  })
