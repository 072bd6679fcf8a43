/** A page of a list whose rows have a `seq`: the newest first. */
import { sequenceCursor } from "@tenterhook/sql"
import { Effect } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { defaultLimit } from "../api/page.ts"
import { about, InvalidRequest } from "../api/Problem.ts"

export interface PageQuery {
  readonly limit?: number
  readonly cursor?: string
}

export interface Page<A> {
  readonly data: ReadonlyArray<A>
  readonly nextCursor: string | null
}

/** `select` gives at most so many rows, those before the sequence number where there is one. */
export const paged = <Row extends { readonly seq: number }, A, E, R>(
  { limit = defaultLimit, cursor }: PageQuery,
  select: (before: number | null, limit: number) => Effect.Effect<ReadonlyArray<Row>, E, R>,
  of: (row: Row) => A
): Effect.Effect<Page<A>, E | InvalidRequest, R> =>
  Effect.gen(function* () {
    const before = cursor === undefined ? null : yield* positionOf(cursor)
    const rows = yield* select(before, limit + 1)
    const shown = rows.slice(0, limit)
    return {
      data: shown.map(of),
      nextCursor: rows.length > limit ? sequenceCursor.encode(shown.at(-1)!.seq) : null
    }
  })

/** The place that a cursor of a request names. */
export const positionOf = (cursor: string) =>
  Effect.mapError(
    sequenceCursor.decode(cursor),
    () => new InvalidRequest(about("query.cursor", `expected the nextCursor of a page, got ${JSON.stringify(cursor)}`))
  )

/** Conditions that are given, joined with AND; the others do not count. */
export const where = (
  sql: SqlClient.SqlClient,
  conditions: ReadonlyArray<Statement.Fragment | null>
): Statement.Fragment => {
  const given = conditions.filter((one) => one !== null)
  return given.length === 0 ? sql.literal("") : sql`WHERE ${sql.and(given)}`
}
