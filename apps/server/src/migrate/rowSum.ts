/**
 * Whether two databases hold the same rows: how many, and the sum of a number of each, which comes of its whole numbers,
 * its short texts and the lengths of its long ones. The same in SQL and here.
 */
import { hash } from "node:crypto"
import type { Row, Shape, Value } from "./keptTables.ts"

export interface Sum {
  readonly rows: number
  readonly total: string
}

export const sumOf = (shape: Shape, rows: Iterable<Row>): Sum => {
  const names = summed(shape).map(({ name }) => name)
  let count = 0
  let total = 0n
  for (const row of rows) {
    count++
    const text = names.map((name) => shownOf(row[name]!)).join(between)
    total += BigInt(`0x${hash("sha256", text, "hex").slice(0, digits)}`)
  }
  return { rows: count, total: String(total) }
}

/** The same for Postgres, as an expression. */
export const addUp = (shape: Shape): string => {
  const shown = summed(shape).map(({ name, type }) => {
    const text =
      type === "TEXT"
        ? `CASE WHEN octet_length("${name}") <= ${short} THEN "${name}" ELSE octet_length("${name}")::text END`
        : `"${name}"::text`
    return `coalesce('+' || ${text}, '-')`
  })
  const digest = `encode(sha256(convert_to(concat_ws(chr(${between.charCodeAt(0)}), ${shown.join(", ")}), 'UTF8')), 'hex')`
  return `coalesce(sum(('x' || substr(${digest}, 1, ${digits}))::bit(${digits * 4})::bigint), 0)::text`
}

/** Fractions are written in more than one way. */
const summed = ({ columns }: Shape) => columns.filter(({ type }) => type !== "DOUBLE PRECISION")

const shownOf = (value: Value): string => {
  if (value === null) return "-"
  if (typeof value === "number") return `+${value}`
  const length = Buffer.byteLength(value)
  return `+${length <= short ? value : length}`
}

const between = "\u001f"
const short = 64
/** Of 4 bits each, so that one fits a bigint. */
const digits = 15
