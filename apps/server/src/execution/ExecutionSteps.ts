/** What a durable execution does, on the record that holds the truth about it. */
import { Context, type Effect } from "effect"

/**
 * The record decides: each of these may be called again at any time, also after a crash in its middle, and does
 * nothing where the record says that it is done. None is called twice at the same time for one execution. A defect
 * (the database failed) is waited out: the step is called again until it succeeds.
 */
export class ExecutionSteps extends Context.Service<
  ExecutionSteps,
  {
    /** Runs the start hooks and records their report. Does nothing once that is recorded, or where there is no record. */
    readonly start: (id: string) => Effect.Effect<void>
    /** Runs the end hooks as the record says and records that it ended. Does nothing where it is not "ending". */
    readonly end: (id: string) => Effect.Effect<void>
    /**
     * Records "ending" with outcome "aborted" for those whose lease has run out, in one statement that asks for the
     * lease, so that a heartbeat comes either before it or too late. Gives their ids.
     */
    readonly expire: Effect.Effect<ReadonlyArray<string>>
    /** The time that the record goes by, in epoch milliseconds: not this process's own where others write there too. */
    readonly now: Effect.Effect<number>
    /** Those that have not ended and whose status last changed before the time. */
    readonly unfinished: (before: number) => Effect.Effect<ReadonlyArray<Unfinished>>
  }
>()("@tenterhook/server/execution/ExecutionSteps") {}

export interface Unfinished {
  readonly id: string
  /** Whether its record says "ending". */
  readonly ending: boolean
}
