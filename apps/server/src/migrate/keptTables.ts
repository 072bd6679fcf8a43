/** What of a server's database goes along when it moves. */

/**
 * Those whose rows others refer to stand first. Not among them: who lives (`server_process`, `heartbeat`), what
 * is being sent (`outbox_lease`), what was migrated, and what the cluster keeps, which is made up for from the record.
 */
export const keptTables = [
  "upload",
  "agent",
  "tool_server",
  "hook_set",
  "hook_set_version",
  "fire",
  "outcome",
  "execution",
  "outbox_endpoint",
  "outbox_announcement",
  "outbox_delivery",
  "outbox_attempt",
  "outbox_revision",
  "server_key",
  "idempotency"
] as const

export type KeptTable = (typeof keptTables)[number]

/** A column as both databases have it. */
export interface Column {
  readonly name: string
  /** As the migration wrote it: `TEXT`, `BIGINT`, … */
  readonly type: string
}

export interface Shape {
  readonly table: KeptTable
  readonly columns: ReadonlyArray<Column>
  /** One name or two. */
  readonly key: ReadonlyArray<string>
}

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

/**
 * A row as it arrives: what the old server's processes had taken is free, so that a delivery that was being sent is due
 * again. Postgres keeps no NUL in a text; the character that stands for what cannot be shown takes its place.
 */
export const asMoved = ({ table, columns }: Shape, row: Row): Row => {
  const free = taken[table]
  const moved: Record<string, Value> = {}
  for (const { name } of columns)
    moved[name] = free !== undefined && name in free ? free[name]! : withoutNul(row[name]!)
  return moved
}

export const hasNul = (row: Row): boolean =>
  Object.values(row).some((value) => typeof value === "string" && value.includes("\0"))

export const withoutNul = (value: Value): Value =>
  typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value

/** Columns that only the old server's processes had a use for, as they arrive. */
export const taken: { readonly [table in KeptTable]?: Row } = {
  execution: { claimed_by: null },
  idempotency: { claimed_by: null }
}
