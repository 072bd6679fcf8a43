import { randomBytes } from "node:crypto"

/** A new id that nobody can guess. Later ones sort after earlier ones, which keeps a database's indexes compact. */
export const mintId = (prefix: "msg" | "evt" | "ep", now: number): string =>
  `${idsBefore(prefix, now)}${randomBytes(10).toString("hex")}`

/** Ids minted before that time sort before it, the others after it. */
export const idsBefore = (prefix: "msg" | "evt" | "ep", at: number): string =>
  `${prefix}_${Math.max(0, Math.floor(at)).toString(36).padStart(9, "0")}`
