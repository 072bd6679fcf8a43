/** The steps of executions on our own tables: what the record says is done is not done again. */
import type { FireReport } from "@tenterhook/core"
import type { ExecutionEnd } from "@tenterhook/sdk"
import { Effect, Layer, Schema } from "effect"
import { Fire } from "../hooks/Fire.ts"
import type { LiveHooks } from "../hooks/LoadedHooks.ts"
import { Executions, type ExecutionRow } from "../store/Executions.ts"
import { claimedMs, Processes } from "../store/Processes.ts"
import { ExecutionSteps } from "./ExecutionSteps.ts"
import { LiveExecutions, type Phase } from "./LiveExecutions.ts"

export const recordedSteps: Layer.Layer<ExecutionSteps, never, Executions | LiveExecutions | Fire | Processes> =
  Layer.effect(
    ExecutionSteps,
    Effect.gen(function* () {
      const executions = yield* Executions
      const processes = yield* Processes
      const lives = yield* LiveExecutions
      const { kept } = yield* Fire

      /** What has begun ends, also when it was taken over meanwhile: hooks run at least once, and one report counts. */
      const keep =
        (row: ExecutionRow, phase: Phase, claim: Claim) => (live: LiveHooks, run: () => Promise<FireReport>) => {
          const { agentId, hookSetId, version, context, id } = row
          const runInTime = () =>
            performance.now() < claim.until ? run() : Promise.reject(new Overslept({ id, phase }))
          return kept(live, { agentId, hookSetId, version, context, executionId: id, phase }, runInTime).pipe(
            Effect.catchTag("TakenOver", ({ message }) =>
              Effect.andThen(
                Effect.logWarning(
                  `${message} while its hooks ran here: they ran twice, and the other's report is kept`
                ),
                lives.release(id)
              )
            ),
            Effect.asVoid,
            Effect.orDie
          )
        }

      /**
       * While another process that lives is at a step of it, that one goes on: shards may change hands meanwhile. Null
       * where there is nothing to do.
       */
      const claimed = (id: string, phase: Phase): Effect.Effect<Claim | null> =>
        Effect.suspend(() => {
          const until = processes.shared ? performance.now() + claimedMs : Infinity
          return Effect.flatMap(Effect.orDie(executions.claim(id, phase)), (whose) => {
            if (whose === "done") return Effect.succeed(null)
            return whose === "mine"
              ? Effect.succeed({ until })
              : Effect.andThen(Effect.sleep(askAgainMs), claimed(id, phase))
          })
        })

      return ExecutionSteps.of({
        start: Effect.fn("ExecutionSteps.start")(function* (id: string) {
          const claim = yield* claimed(id, "start")
          if (claim === null) return
          const row = yield* Effect.orDie(executions.get(id))
          yield* lives.start(row, keep(row, "start", claim))
          yield* lives.done("start", id)
        }),
        end: Effect.fn("ExecutionSteps.end")(function* (id: string) {
          const claim = yield* claimed(id, "end")
          if (claim === null) return
          const row = yield* Effect.orDie(executions.get(id))
          const { live, execution } = yield* lives.find(row)
          const run = () => execution.end(endOf(row), row.host === null ? {} : { host: row.host })
          yield* keep(row, "end", claim)(live, run)
          yield* lives.release(id)
          yield* lives.done("end", id)
        }),
        expire: Effect.orDie(executions.expire),
        now: Effect.orDie(executions.now),
        unfinished: (before) => Effect.orDie(executions.unfinished(before))
      })
    })
  )

/**
 * A process that was frozen after it had claimed a step may find that another one has taken it for gone. So it runs
 * nothing with a claim that is older than others respect for certain; by its clock that only counts up, frozen or not.
 */
interface Claim {
  readonly until: number
}

/** The step is begun again, with a new claim: or not, where another process has done it. */
class Overslept extends Schema.TaggedError<Overslept>()("Overslept", { id: Schema.String, phase: Schema.String }) {
  override get message() {
    return `the ${this.phase} of execution ${this.id} was claimed, but this server stood still before it began`
  }
}

const askAgainMs = 500

/** What the host said when it ended, and more of the context where it sent more. */
const endOf = ({ endContext, outcome, error, output }: ExecutionRow): ExecutionEnd => ({
  ...endContext,
  outcome: outcome ?? "aborted",
  ...(error === null ? {} : { error }),
  ...(output === null ? {} : { output })
})
