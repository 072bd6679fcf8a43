/** What this process has in hand of executions: what their hooks left running, and who waits for their hooks. */
import type { FireReport } from "@tenterhook/core"
import type { OngoingExecution } from "@tenterhook/sdk"
import { Context, Deferred, Effect, Exit, Layer, Schedule, Scope } from "effect"
import { type LiveHooks, LoadedHooks } from "../hooks/LoadedHooks.ts"
import { Fire } from "../hooks/Fire.ts"
import { type ExecutionRow, Executions } from "../store/Executions.ts"
import { Processes } from "../store/Processes.ts"

export type Phase = "start" | "end"

export interface LiveExecution {
  readonly live: LiveHooks
  readonly execution: OngoingExecution
}

export class LiveExecutions extends Context.Service<
  LiveExecutions,
  {
    /** Runs its start hooks. Called again, after a crash between them and their record, it runs them again. */
    readonly start: (
      row: ExecutionRow,
      keep: (live: LiveHooks, run: () => Promise<FireReport>) => Effect.Effect<void>
    ) => Effect.Effect<void>
    /** One that goes on: here since its start, or taken up from its record. */
    readonly find: (row: ExecutionRow) => Effect.Effect<LiveExecution>
    /** Ends what is in hand of it. */
    readonly release: (id: string) => Effect.Effect<void>
    /** Looks until it finds something: at once, when its hooks ran in this process, and soon when in another. */
    readonly until: <A, E>(phase: Phase, id: string, look: Effect.Effect<A | null, E>) => Effect.Effect<A, E>
    readonly done: (phase: Phase, id: string) => Effect.Effect<void>
  }
>()("@tenterhook/server/execution/LiveExecutions") {
  static readonly layer = Layer.effect(
    LiveExecutions,
    Effect.gen(function* () {
      const loaded = yield* LoadedHooks
      const { contextOf } = yield* Fire
      const executions = yield* Executions
      const processes = yield* Processes
      const outer = yield* Effect.scope
      const entries = new Map<string, LiveExecution & { readonly scope: Scope.Closeable }>()
      const waiting = new Map<string, Deferred.Deferred<void>>()

      const fullContext = ({ context, agentId, id }: ExecutionRow) => ({
        ...contextOf(context, agentId),
        executionId: id
      })

      const open = Effect.fnUntraced(function* (row: ExecutionRow) {
        const scope = yield* Scope.fork(outer)
        // A step that dies is done again until it succeeds, e.g. once the server has its plug-in back.
        const live = yield* Effect.orDie(Scope.provide(loaded.ofDigest(row.digest), scope))
        return { scope, live }
      })

      const start = Effect.fnUntraced(function* (
        row: ExecutionRow,
        keep: (live: LiveHooks, run: () => Promise<FireReport>) => Effect.Effect<void>
      ) {
        yield* release(row.id)
        const { scope, live } = yield* open(row)
        const options = row.host === null ? {} : { host: row.host }
        const run = async () => {
          const execution = await live.hooks.startExecution(fullContext(row), options)
          entries.set(row.id, { live, execution, scope })
          return execution.start
        }
        yield* keep(live, run).pipe(Effect.onError(() => Scope.close(scope, Exit.void)))
      })

      const find = Effect.fnUntraced(function* (row: ExecutionRow) {
        const known = entries.get(row.id)
        if (known !== undefined) return known
        const { scope, live } = yield* open(row)
        const execution = yield* Effect.promise(() => live.hooks.resumeExecution(fullContext(row)))
        const entry = { live, execution, scope }
        entries.set(row.id, entry)
        return entry
      })

      const release = (id: string) =>
        Effect.suspend(() => {
          const entry = entries.get(id)
          entries.delete(id)
          return entry === undefined ? Effect.void : Scope.close(entry.scope, Exit.void)
        })

      /** What another process took over and ended is nothing to keep in hand. */
      const letGo = Effect.gen(function* () {
        const mine = [...entries.keys()]
        if (mine.length === 0) return
        const unfinished = new Set((yield* executions.unfinished(Number.MAX_SAFE_INTEGER)).map(({ id }) => id))
        for (const id of mine) if (!unfinished.has(id)) yield* release(id)
      })
      if (processes.shared)
        yield* letGo.pipe(
          Effect.ignoreCause({ log: "Warn", message: "What others ended could not be looked for" }),
          Effect.delay("1 minute"),
          Effect.forever,
          Effect.forkScoped
        )

      const until = Effect.fnUntraced(function* <A, E>(phase: Phase, id: string, look: Effect.Effect<A | null, E>) {
        const key = `${phase} ${id}`
        while (true) {
          // There before it is looked, so that what happens meanwhile is not missed.
          const deferred = waiting.get(key) ?? Deferred.makeUnsafe<void>()
          waiting.set(key, deferred)
          const found = yield* look
          if (found !== null) {
            waiting.delete(key)
            yield* Deferred.succeed(deferred, undefined)
            return found
          }
          yield* Effect.timeoutOption(Deferred.await(deferred), lookInAnyCaseMs)
        }
      })

      const done = (phase: Phase, id: string) =>
        Effect.suspend(() => {
          const key = `${phase} ${id}`
          const deferred = waiting.get(key)
          waiting.delete(key)
          return deferred === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(deferred, undefined))
        })

      /** What others did is asked for all who wait with one question: a question for each would be what holds them up. */
      const overhear = Effect.gen(function* () {
        const ids = [...waiting.keys()].map((key) => key.slice(key.indexOf(" ") + 1))
        if (ids.length === 0) return
        for (const { id, started, ended } of yield* executions.reached([...new Set(ids)])) {
          if (started) yield* done("start", id)
          if (ended) yield* done("end", id)
        }
      })
      if (processes.shared)
        yield* overhear.pipe(Effect.ignoreCause, Effect.repeat(Schedule.spaced(overhearMs)), Effect.forkScoped)

      return LiveExecutions.of({ start, find, release, until, done })
    })
  )
}

/** How soon is seen what another process did. */
const overhearMs = 200
const lookInAnyCaseMs = 5000
