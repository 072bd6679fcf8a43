import { sequenceCursor } from "@tenterhook/sql"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { defaultLimit } from "../api/page.ts"
import { positionOf } from "../store/page.ts"
import { orMissing, orUnavailable, orUnfit } from "./outboxProblems.ts"

export const deliveryRoutes = HttpApiBuilder.group(
  Api,
  "deliveries",
  Effect.fnUntraced(function* (handlers) {
    const { deliveries } = yield* Outbox
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query: { limit = defaultLimit, cursor, ...query } }) {
        const before = cursor === undefined ? {} : { before: yield* positionOf(cursor) }
        const rows = yield* orUnavailable(deliveries.list({ ...query, ...before, limit: limit + 1 }))
        const data = rows.slice(0, limit)
        return { data, nextCursor: rows.length > limit ? sequenceCursor.encode(data.at(-1)!.sequence) : null }
      }),
      get: ({ params }) => orMissing(deliveries.get(params.id)),
      attempts: ({ params }) => Effect.map(orMissing(deliveries.get(params.id)), ({ tries }) => ({ data: tries })),
      replay: ({ params }) => Effect.map(orUnfit(deliveries.replay({ ids: [params.id] })), ([delivery]) => delivery!)
    })
  })
)
