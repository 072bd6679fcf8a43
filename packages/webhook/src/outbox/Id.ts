import { randomBytes } from "node:crypto"

/** A new id that nobody can guess. Later ones sort after earlier ones, which keeps a database's indexes compact. */
export const mintId = (prefix: "msg" | "evt" | "ep", now: number): string =>
  `${prefix}_${now.toString(36).padStart(9, "0")}${randomBytes(10).toString("hex")}`
