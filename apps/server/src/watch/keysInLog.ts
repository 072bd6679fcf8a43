/** One log entry for each key that is created or revoked, whichever process does it: `keys create` is one of its own. */
import { Effect, Layer, Schedule } from "effect"
import { Keys } from "../keys/Keys.ts"
import type { KeyEntry } from "./LogEntry.ts"

export const keysInLog = (log: (entry: KeyEntry) => void): Layer.Layer<never, never, Keys> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const keys = yield* Keys
      /** Ids of the keys that were logged or were there before, and whether they are valid. */
      const known = new Map<string, boolean>()

      const compare = (isFirst: boolean) =>
        Effect.map(keys.list, (all) => {
          for (const { id, name, scopes, revokedAt } of all.toReversed()) {
            const isValid = revokedAt === null
            if (!isFirst) {
              const entry = { kind: "key", level: "info", keyId: id, name, scopes } as const
              if (!known.has(id)) log({ ...entry, change: "created" })
              if (!isValid && known.get(id) !== false) log({ ...entry, change: "revoked" })
            }
            known.set(id, isValid)
          }
        })

      // A database that does not answer is reported by others; what changed meanwhile is found afterwards.
      yield* Effect.ignore(compare(true))
      yield* Effect.forkScoped(Effect.repeat(Effect.ignore(compare(false)), Schedule.spaced("1 second")))
    })
  )
