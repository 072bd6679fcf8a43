/**
 * Whether two databases hold the same rows: how many, and the sum of a number of each, which comes of its whole numbers,
 * its short texts and the lengths of its long ones. Fractions are left out: they are written in more than one way.
 */
import { Duration, Effect } from "effect"
import { hash } from "node:crypto"
import { type Row, type Shape, taken, type Value } from "./keptTables.ts"

export interface Sum {
  readonly rows: number
  readonly total: string
}

/** Of what stands for each row; others get their turn meanwhile. */
export const sumOf = Effect.fnUntraced(function* (shown: Iterable<string>) {
  let rows = 0
  let total = 0n
  for (const text of shown) {
    total += BigInt(`0x${hash("sha256", text, "hex").slice(0, digits)}`)
    if (++rows % pauseEach === 0) yield* Effect.sleep(Duration.millis(0))
  }
  return { rows, total: String(total) } satisfies Sum
})

/** The same in Postgres, as an expression. */
export const sumIn = (shape: Shape): string => {
  const digest = `encode(sha256(convert_to(${shownIn(shape)}, 'UTF8')), 'hex')`
  return `coalesce(sum(('x' || substr(${digest}, 1, ${digits}))::bit(${digits * 4})::bigint), 0)::text`
}

/** What stands for a row as it arrives, as an expression that both databases know. */
export const shownIn = (shape: Shape): string =>
  summed(shape)
    .map(({ name, type }) => {
      const free = taken[shape.table]
      const column = free !== undefined && name in free ? String(free[name] ?? "NULL") : `"${name}"`
      const length = `octet_length(${column})`
      const text =
        type === "TEXT" && column !== "NULL"
          ? `CASE WHEN ${length} <= ${short} THEN ${column} ELSE CAST(${length} AS TEXT) END`
          : `CAST(${column} AS TEXT)`
      return `coalesce('+' || ${text}, '-')`
    })
    .join(` || '${between}' || `)

/** The same of a row that has arrived. */
export const shownOf = (shape: Shape, row: Row): string =>
  summed(shape)
    .map(({ name }) => textOf(row[name]!))
    .join(between)

const summed = ({ columns }: Shape) => columns.filter(({ type }) => type !== "DOUBLE PRECISION")

const textOf = (value: Value): string => {
  if (value === null) return "-"
  if (typeof value === "number") return `+${value}`
  const length = Buffer.byteLength(value)
  return `+${length <= short ? value : length}`
}

const between = "\u001f"
const short = 64
/** Of 4 bits each, so that one fits a bigint. */
const digits = 15
const pauseEach = 5000
