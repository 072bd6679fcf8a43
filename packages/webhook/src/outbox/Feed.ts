/** What happens to deliveries in this process, for whoever listens: a live view, not a record. */
import { rowsOf } from "@tenterhook/sql"
import { Effect, Schema } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { type Attempt, DeliveryStatus } from "./Delivery.ts"

/** Told after the commit that made it so: a delivery was made, tried, or has another status. */
export interface DeliveryChange {
  readonly deliveryId: string
  readonly endpointId: string
  readonly type: string
  /** The one it has now. */
  readonly status: DeliveryStatus
  /** The try that has just been recorded; null where none was. */
  readonly attempt: Attempt | null
  /** When the next try is due, where this one failed and another follows; in epoch milliseconds. */
  readonly retryAt: number | null
}

export interface Feed {
  /** Gives what ends the listening. What other processes do is not heard. A listener that throws is logged. */
  readonly listen: (listener: (change: DeliveryChange) => void) => () => void
  /** Within a transaction. `changes` is asked only if somebody listens. */
  readonly tell: (changes: () => ReadonlyArray<DeliveryChange>) => Effect.Effect<void>
  /** An UPDATE of deliveries, which ends with what it is given. */
  readonly follow: (
    update: (returning: Statement.Fragment) => Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>
  ) => Effect.Effect<void, SqlError.SqlError>
}

export const makeFeed = (sql: SqlClient.SqlClient): Feed => {
  const listeners = new Set<{ readonly hear: (change: DeliveryChange) => void }>()
  const returning = sql`RETURNING id, endpoint_id, status,
    (SELECT a.type FROM outbox_announcement a WHERE a.id = announcement_id) AS type`

  const tell: Feed["tell"] = (changes) =>
    Effect.suspend(() => {
      if (listeners.size === 0) return Effect.void
      const list = changes()
      return list.length === 0 ? Effect.void : sql.afterCommit(said(list))
    })

  const said = (list: ReadonlyArray<DeliveryChange>) =>
    Effect.suspend(() => {
      const troubles: Array<unknown> = []
      for (const change of list)
        for (const { hear } of listeners) {
          try {
            hear(change)
          } catch (error) {
            troubles.push(error)
          }
        }
      return troubles.length === 0
        ? Effect.void
        : Effect.logWarning(`outbox: a listener threw at ${troubles.length} changes: ${String(troubles[0])}`)
    })

  return {
    listen: (hear) => {
      const listener = { hear }
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tell,
    follow: (update) =>
      Effect.suspend(() => {
        if (listeners.size === 0) return Effect.asVoid(update(sql.literal("")))
        return Effect.flatMap(changeRows(update(returning)), (rows) =>
          tell(() =>
            rows.map(({ id, endpoint_id, status, type }) => ({
              deliveryId: id,
              endpointId: endpoint_id,
              type,
              status,
              attempt: null,
              retryAt: null
            }))
          )
        )
      })
  }
}

const changeRows = rowsOf(
  Schema.Struct({ id: Schema.String, endpoint_id: Schema.String, status: DeliveryStatus, type: Schema.String })
)
