/** Faults of the outbox on the wire. */
import type { OutboxError } from "@tenterhook/webhook/outbox"
import { Effect } from "effect"
import { about, NotFound, Unacceptable, Unavailable } from "../api/Problem.ts"
import { HoldsNul } from "../store/StoreError.ts"

/** For what makes a new one. */
export const orRefused = <A, R>(effect: Effect.Effect<A, OutboxError, R>) =>
  Effect.catchTag(orProblem(effect), "NotFound", Effect.die)

/** For what changes its settings. */
export const orProblem = <A, R>(effect: Effect.Effect<A, OutboxError, R>) => problem(effect, settings, "payload.url")

/** For what does something with it: where none of these fields of the payload is to blame, it is in no state for that. */
export const orUnfit = <A, R>(effect: Effect.Effect<A, OutboxError, R>, fields: ReadonlyArray<string> = []) =>
  problem(effect, fields, "params.id")

const problem = <A, R>(effect: Effect.Effect<A, OutboxError, R>, fields: ReadonlyArray<string>, otherwise: string) =>
  Effect.catch(effect, ({ reason }): Effect.Effect<never, Unacceptable | NotFound | Unavailable> => {
    if (reason._tag !== "unacceptable") return missing(reason)
    // The outbox names what it refuses in words; where that is a field of the request, it is named as one.
    const words = new Set(`${reason.what}: ${reason.why}`.match(/\w+/g))
    const field = fields.find((name) => words.has(name))
    return Effect.fail(new Unacceptable(about(field === undefined ? otherwise : `payload.${field}`, reason.message)))
  })

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

const settings = [
  "secret",
  "headers",
  "filter",
  "events",
  "mode",
  "rules",
  "concurrency",
  "ratePerSecond",
  "fifo",
  "url"
]
