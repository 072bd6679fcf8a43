import { sequenceCursor } from "@tenterhook/sql"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import type { NewEndpoint } from "../api/endpoints.ts"
import { defaultLimit } from "../api/page.ts"
import { mintId } from "../store/Id.ts"
import { type Page, type PageQuery, positionOf } from "../store/page.ts"
import { orMissing, orProblem, orRefused, orUnavailable, orUnfit } from "./outboxProblems.ts"

export const endpointRoutes = HttpApiBuilder.group(
  Api,
  "endpoints",
  Effect.fnUntraced(function* (handlers) {
    const { endpoints, deliveries } = yield* Outbox

    /** Sent again after a crash, it finds what it made: the id follows from the idempotency key. */
    const create = Effect.fnUntraced(function* (settings: NewEndpoint) {
      const id = yield* mintId("ep")
      const before = (yield* orUnavailable(endpoints.list)).find((one) => one.id === id)
      if (before === undefined) return yield* orRefused(endpoints.create({ ...settings, id }))
      const [secret] = yield* orRefused(endpoints.secrets(id))
      return { ...before, secret: secret! }
    })

    return handlers.handleAll({
      create: ({ payload }) => create(payload),
      list: ({ query }) => Effect.flatMap(orUnavailable(endpoints.list), (all) => pageOf(all, query)),
      get: ({ params }) => orMissing(endpoints.get(params.id)),
      update: ({ params, payload }) => orProblem(endpoints.update(params.id, payload)),
      remove: ({ params }) => orMissing(endpoints.remove(params.id)),
      enable: ({ params, payload }) => orMissing(endpoints.enable(params.id, payload ?? {})),
      disable: ({ params, payload }) => orMissing(endpoints.disable(params.id, payload?.reason)),
      pause: ({ params }) => orUnfit(endpoints.pause(params.id)),
      resume: ({ params }) => orUnfit(endpoints.resume(params.id)),
      rotateSecret: ({ params, payload }) => orUnfit(endpoints.rotateSecret(params.id, payload ?? {}), ["secret"]),
      test: ({ params, payload }) => orUnfit(deliveries.test(params.id, payload ?? {}), ["type", "data"]),
      replay: ({ params, payload }) =>
        Effect.map(
          orUnfit(Effect.andThen(endpoints.get(params.id), deliveries.replay({ endpointId: params.id, ...payload }))),
          (data) => ({ data })
        )
    })
  })
)

/** Endpoints are few and remembered as a whole; the cursor counts them. */
const pageOf = <A>(all: ReadonlyArray<A>, { limit = defaultLimit, cursor }: PageQuery) =>
  Effect.gen(function* () {
    const from = cursor === undefined ? 0 : yield* positionOf(cursor)
    const page: Page<A> = {
      data: all.slice(from, from + limit),
      nextCursor: all.length > from + limit ? sequenceCursor.encode(from + limit) : null
    }
    return page
  })
