/** Faults of the outbox on the wire. */
import type { OutboxError } from "@tenterhook/webhook/outbox"
import { Effect } from "effect"
import { about, NotFound, Unacceptable, Unavailable } from "../api/Problem.ts"
import { HoldsNul } from "../store/StoreError.ts"

/** For what makes a new one. */
export const orRefused = <A, R>(effect: Effect.Effect<A, OutboxError, R>) =>
  Effect.catchTag(orProblem(effect), "NotFound", Effect.die)

/** For what changes something. */
export const orProblem = <A, R>(effect: Effect.Effect<A, OutboxError, R>) =>
  Effect.catch(effect, ({ reason }): Effect.Effect<never, Unacceptable | NotFound | Unavailable> =>
    reason._tag === "unacceptable"
      ? Effect.fail(new Unacceptable(about(fieldOf(`${reason.what}: ${reason.why}`), reason.message)))
      : missing(reason)
  )

/** For what looks at one of them. */
export const orMissing = <A, R>(effect: Effect.Effect<A, OutboxError, R>) =>
  Effect.catch(effect, ({ reason }): Effect.Effect<never, NotFound | Unavailable> =>
    // Nothing is saved: an id that no database can hold.
    reason._tag === "unacceptable" ? Effect.die(new HoldsNul({ doing: "look" })) : missing(reason)
  )

/** For what looks at all of them. */
export const orUnavailable = <A, R>(effect: Effect.Effect<A, OutboxError, R>) =>
  Effect.catch(effect, ({ reason }): Effect.Effect<never, Unavailable> =>
    reason._tag === "storage" ? unavailable(reason) : Effect.die(reason)
  )

type Reason<Tag> = Extract<OutboxError["reason"], { readonly _tag: Tag }>

const missing = (reason: Reason<"unknown" | "storage">): Effect.Effect<never, NotFound | Unavailable> =>
  reason._tag === "unknown" ? Effect.fail(new NotFound(about("params.id", reason.message))) : unavailable(reason)

const unavailable = (reason: Reason<"storage">) => Effect.fail(new Unavailable(about("server", reason.message)))

/** The outbox names what it refuses in words; where that is a field of the request, it is named as one. */
const fieldOf = (text: string) => `payload.${fields.exec(text)?.[0] ?? "url"}`

const fields = /\b(?:secret|headers|filter|events|mode|rules|concurrency|ratePerSecond|fifo|type|data|status|url)\b/
