/** Executions as a host asks for them: started, kept alive, ended; each answer once it is on record. */
import type { EventContext, HostCapability } from "@tenterhook/core"
import { Context, Effect, Layer } from "effect"
import { defaultLeaseMs, type Execution } from "../api/executions.ts"
import { about, Conflict, type NotFound, type Unacceptable } from "../api/Problem.ts"
import { Fire } from "../hooks/Fire.ts"
import { LoadedHooks } from "../hooks/LoadedHooks.ts"
import type { Target } from "../hooks/Targets.ts"
import { IdempotentId } from "../http/idempotency.ts"
import { type Ending, Executions, type ExecutionRow, shown } from "../store/Executions.ts"
import { mintId } from "../store/Id.ts"
import type { StoreError } from "../store/StoreError.ts"
import { Uploads } from "../store/Uploads.ts"
import { DurableExecutions } from "./DurableExecutions.ts"
import { LiveExecutions, type Phase } from "./LiveExecutions.ts"

export interface Starting {
  readonly id?: string
  readonly context: EventContext
  readonly host: ReadonlyArray<HostCapability> | null
  readonly leaseMs?: number
}

export class Runs extends Context.Service<
  Runs,
  {
    readonly start: (
      target: Target,
      starting: Starting
    ) => Effect.Effect<Execution, StoreError | Unacceptable | Conflict | NotFound>
    readonly extend: (id: string) => Effect.Effect<Execution, StoreError | NotFound | Conflict>
    readonly end: (id: string, how: Ending) => Effect.Effect<Execution, StoreError | NotFound | Conflict>
  }
>()("@tenterhook/server/execution/Runs") {
  static readonly layer = Layer.effect(
    Runs,
    Effect.gen(function* () {
      const executions = yield* Executions
      const durable = yield* DurableExecutions
      const lives = yield* LiveExecutions
      const loaded = yield* LoadedHooks
      const uploads = yield* Uploads
      const { contextOf } = yield* Fire

      /** Hooks ran where the record says so, in whichever process. */
      const recorded = (id: string, phase: Phase) =>
        lives.until(
          phase,
          id,
          Effect.map(executions.get(id), (row) =>
            (phase === "start" ? row.start !== null : row.status === "ended") ? row : null
          )
        )

      const start = Effect.fn("Runs.start")(function* (target: Target, starting: Starting) {
        // What cannot be loaded is said now: nobody could mend it later.
        yield* Effect.scoped(target.upload === null ? loaded.ofDigest(target.kept!) : loaded.ofUpload(target.upload))
        const digest = target.upload === null ? target.kept! : yield* uploads.keep(target.upload)
        const { agentId, hookSetId, version } = target
        const id = starting.id ?? starting.context.executionId ?? (yield* mintId("ex"))
        const context = { ...contextOf(starting.context, agentId), executionId: id }
        const leaseMs = starting.leaseMs ?? defaultLeaseMs
        const made = yield* executions.create({
          id,
          agentId,
          hookSetId,
          version,
          digest,
          context,
          host: starting.host,
          leaseMs,
          request: yield* IdempotentId
        })
        if (!made) {
          return yield* new Conflict(
            about("payload.id", `expected an id of its own, but ${JSON.stringify(id)} is taken`)
          )
        }
        yield* durable.begin(id)
        return shown(yield* recorded(id, "start"))
      })

      const extend = Effect.fn("Runs.extend")(function* (id: string) {
        yield* executions.extend(id)
        return shown(yield* executions.get(id))
      })

      const end = Effect.fn("Runs.end")(function* (id: string, how: Ending) {
        yield* executions.ending(id, how)
        const before: ExecutionRow = yield* executions.get(id)
        if (before.status !== "ended") yield* durable.end(id)
        return shown(yield* recorded(id, "end"))
      })

      return Runs.of({ start, extend, end })
    })
  )
}
