import { randomFillSync } from "node:crypto"

/** A new id that nobody can guess. Later ones sort after earlier ones, which keeps a database's indexes compact. */
export const mintId = (prefix: "msg" | "evt" | "ep", now: number): string => `${idsBefore(prefix, now)}${tenBytes()}`

/** Ids minted before that time sort before it, the others after it. */
export const idsBefore = (prefix: "msg" | "evt" | "ep", at: number): string =>
  `${prefix}_${Math.max(0, Math.floor(at)).toString(36).padStart(9, "0")}`

/** Asking the system for each ten bytes takes longer than all else of an id. */
const tenBytes = (): string => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool.toString("hex", used, (used += 10))
}

const pool = Buffer.alloc(4000)
let used = pool.length
