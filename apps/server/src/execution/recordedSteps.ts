/** The steps of executions on our own tables: what the record says is done is not done again. */
import type { FireReport } from "@tenterhook/core"
import type { ExecutionEnd } from "@tenterhook/sdk"
import { Effect, Layer } from "effect"
import { Fire } from "../hooks/Fire.ts"
import type { LiveHooks } from "../hooks/LoadedHooks.ts"
import { Executions, type ExecutionRow } from "../store/Executions.ts"
import { ExecutionSteps } from "./ExecutionSteps.ts"
import { LiveExecutions, type Phase } from "./LiveExecutions.ts"

export const recordedSteps: Layer.Layer<ExecutionSteps, never, Executions | LiveExecutions | Fire> = Layer.effect(
  ExecutionSteps,
  Effect.gen(function* () {
    const executions = yield* Executions
    const lives = yield* LiveExecutions
    const { kept } = yield* Fire

    const keep = (row: ExecutionRow, phase: Phase) => (live: LiveHooks, run: () => Promise<FireReport>) => {
      const { agentId, hookSetId, version, context, id } = row
      return kept(live, { agentId, hookSetId, version, context, executionId: id, phase }, run).pipe(
        Effect.asVoid,
        Effect.orDie
      )
    }

    const rowOf = (id: string) =>
      Effect.orDie(Effect.catchTag(executions.get(id), "NotFound", () => Effect.succeed(null)))

    /** While another process that lives is at a step of it, that one goes on: shards may change hands meanwhile. */
    const claimed = (id: string): Effect.Effect<void> =>
      Effect.flatMap(Effect.orDie(executions.claim(id)), (mine) =>
        mine ? Effect.void : Effect.andThen(Effect.sleep(askAgainMs), claimed(id))
      )

    return ExecutionSteps.of({
      start: Effect.fn("ExecutionSteps.start")(function* (id: string) {
        yield* claimed(id)
        const row = yield* rowOf(id)
        if (row === null || row.start !== null) return
        yield* lives.start(row, keep(row, "start"))
        yield* lives.done("start", id)
      }),
      end: Effect.fn("ExecutionSteps.end")(function* (id: string) {
        yield* claimed(id)
        const row = yield* rowOf(id)
        if (row === null || row.status !== "ending") return
        const { live, execution } = yield* lives.find(row)
        yield* keep(row, "end")(live, () => execution.end(endOf(row), row.host === null ? {} : { host: row.host }))
        yield* lives.release(id)
        yield* lives.done("end", id)
      }),
      expire: Effect.orDie(executions.expire),
      now: Effect.orDie(executions.now),
      unfinished: (before) => Effect.orDie(executions.unfinished(before))
    })
  })
)

const askAgainMs = 500

/** What the host said when it ended, and more of the context where it sent more. */
const endOf = ({ endContext, outcome, error, output }: ExecutionRow): ExecutionEnd => ({
  ...endContext,
  outcome: outcome ?? "aborted",
  ...(error === null ? {} : { error }),
  ...(output === null ? {} : { output })
})
