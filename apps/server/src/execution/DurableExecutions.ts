/** Executions that end, and whose end hooks run, whatever happens to this process. */
import { Context, Effect, Exit, Fiber, FiberMap, Layer, Option, Schedule, Schema, type Scope } from "effect"
import {
  ClusterWorkflowEngine,
  EntityAddress,
  EntityId,
  EntityType,
  Envelope,
  MessageStorage,
  Sharding
} from "effect/cluster"
import { SqlClient } from "effect/sql"
import { DurableDeferred, Workflow, WorkflowEngine } from "effect/workflow"
import { ExecutionSteps, type Unfinished } from "./ExecutionSteps.ts"
import { singleRunner } from "./runner.ts"
import { type RunnerPlace, sharedRunner } from "./sharedRunner.ts"

/**
 * Each execution is a workflow: start, wait for the end, end. It only wakes the steps; what happened stands in the
 * record, so it says nothing twice and reads nothing back. Leases are looked for in the record, all with one question,
 * so that a heartbeat costs the cluster nothing and a long execution leaves no more in it than a short one.
 */
export class DurableExecutions extends Context.Service<
  DurableExecutions,
  {
    /** Call it once the record is committed. From then on the start hooks run, whatever happens. Again: nothing. */
    readonly begin: (id: string) => Effect.Effect<void>
    /** Call it once "ending" is committed in the record. From then on the end hooks run. Again: nothing. */
    readonly end: (id: string) => Effect.Effect<void>
    /** Removes what the cluster keeps of executions that ended: nothing there ever goes by itself. One transaction. */
    readonly forget: (ids: ReadonlyArray<string>) => Effect.Effect<void>
    /**
     * Does the work in one of the processes that share the database as long as the scope is open, and in another one
     * when that is gone. By the name of the work.
     */
    readonly inOne: (name: string, work: Effect.Effect<never>) => Effect.Effect<void, never, Scope.Scope>
    /**
     * Whether what has this name is for this one of the processes that share the database. It changes as they come and go;
     * nothing is for one that has no share yet, or not any more.
     */
    readonly isOurs: (name: string) => boolean
  }
>()("@tenterhook/server/execution/DurableExecutions") {
  /** Without `runner` this process is the only one on its database. */
  static readonly layer = (
    options: DurableExecutionsOptions = {},
    runner?: RunnerPlace
  ): Layer.Layer<DurableExecutions, never, SqlClient.SqlClient | ExecutionSteps> =>
    Layer.effect(DurableExecutions, make(options, runner === undefined)).pipe(
      Layer.provide(ClusterWorkflowEngine.layer),
      Layer.provide(runner === undefined ? singleRunner : sharedRunner(runner))
    )
}

export interface DurableExecutionsOptions {
  /** How often leases that ran out are looked for. Default 1000. */
  readonly leaseCheckMs?: number
  /** How often the record is compared with what runs. Default 2000. */
  readonly reconcileMs?: number
  /** How long a record's status stands before it is compared: time for a call of `begin` or `end` to come. Default 5000. */
  readonly settleMs?: number
}

const ExecutionWorkflow = Workflow.make("Execution", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id
})

const Ended = DurableDeferred.make("ended")

const make = Effect.fnUntraced(function* (options: DurableExecutionsOptions, alone: boolean) {
  const { leaseCheckMs = 1000, reconcileMs = 2000, settleMs = 5000 } = options
  const steps = yield* ExecutionSteps
  const running = yield* makeRunning(steps)
  const cluster = yield* makeCluster
  /** Those that are known to wait for their end, so that comparing them costs nothing. */
  const waiting = new Set<string>()
  const madeUp = yield* FiberMap.make<string, void>()

  yield* cluster.register((id) =>
    Effect.gen(function* () {
      yield* running.started(id)
      waiting.add(id)
      yield* DurableDeferred.await(Ended)
      yield* running.ended(id)
      waiting.delete(id)
    })
  )

  /** It is on record already: what the cluster does not take now is made up for. */
  const told = (what: string, id: string, telling: Effect.Effect<void>) =>
    Effect.ignoreCause(Effect.timeout(telling, patienceMs), {
      log: "Warn",
      message: `The cluster was not told of the ${what} of execution ${id}, and is later`
    })

  const begin = Effect.fn("DurableExecutions.begin")((id: string) => told("start", id, cluster.begin(id)))

  const end = Effect.fn("DurableExecutions.end")((id: string) => told("end", id, cluster.end(id)))

  const forget = Effect.fn("DurableExecutions.forget")(function* (ids: ReadonlyArray<string>) {
    yield* cluster.forget(ids)
    for (const id of ids) waiting.delete(id)
  })

  const expire = Effect.gen(function* () {
    const lost = yield* steps.expire
    yield* Effect.forEach(lost, end, atOnce)
  })

  const stepsOf = (id: string, ending: boolean) =>
    Effect.andThen(running.started(id), ending ? running.ended(id) : Effect.void)

  const remind = Effect.fnUntraced(function* (
    id: string,
    ending: boolean,
    state: Workflow.Result<void, never>["_tag"] | null
  ) {
    // The record says that it has not ended, so a workflow that has is wrong: it starts over.
    if (state === "Complete") yield* cluster.forget([id])
    if (state !== "Suspended") yield* cluster.begin(id)
    if (ending) yield* cluster.end(id)
    yield* cluster.wake(id)
  })

  const makeUp = Effect.fnUntraced(
    function* ({ id, ending }: Unfinished) {
      // Each process looks after what it runs; what nobody does yet is looked at by whoever gets it.
      if (!alone && !(yield* cluster.holds(id))) return
      if (running.has(id) || (waiting.has(id) && !ending)) return
      const state = yield* cluster.stateOf(id)
      if (state === "Suspended" && !ending) return void waiting.add(id)
      // The cluster may believe in a run that is none: one whose answer was lost with the database. So the steps do not
      // wait for it; they ask the record first, and whoever comes second waits for the same run. Nor does anybody wait for
      // them: there may be many.
      yield* FiberMap.run(madeUp, nameOf(id, ending), stepsOf(id, ending), { onlyIfMissing: true })
      yield* remind(id, ending, state)
    },
    (effect, { id }) =>
      Effect.ignoreCause(Effect.timeout(effect, patienceMs), {
        log: "Warn",
        message: `Execution ${id} is not where its record says; later again`
      })
  )

  // Whoever ends has somebody waiting for it.
  const reconcile = Effect.fnUntraced(function* (before: number) {
    const all = yield* steps.unfinished(before)
    const endingFirst = all.toSorted((one, other) => Number(other.ending) - Number(one.ending))
    yield* Effect.forEach(endingFirst, makeUp, atOnce)
  })

  const looking = again("Looking for leases that ran out", expire)
  yield* Effect.forkScoped(Effect.repeat(looking, Schedule.spaced(leaseCheckMs)))

  // Nobody is still about to tell the cluster of what was recorded before this process lived.
  const born = yield* steps.now
  const settled = Effect.flatMap(steps.now, (now) => reconcile(Math.max(born, now - settleMs)))
  const comparing = again("Comparing records with what runs", settled)
  // Where there are others, it takes a moment to know whose work is whose.
  const first = Effect.delay(comparing, alone ? 0 : Math.min(sharesMs, reconcileMs))
  yield* Effect.forkScoped(Effect.andThen(first, Effect.repeat(Effect.delay(comparing, reconcileMs), Schedule.forever)))

  return DurableExecutions.of({ begin, end, forget, inOne: cluster.inOne, isOurs: alone ? () => true : cluster.isOurs })
})

/** What of the cluster is needed, by the ids of executions. */
const makeCluster = Effect.gen(function* () {
  const engine = yield* WorkflowEngine.WorkflowEngine
  const sharding = yield* Sharding.Sharding
  const storage = yield* MessageStorage.MessageStorage
  const sql = yield* SqlClient.SqlClient

  const keyOf = (id: string) => ExecutionWorkflow.executionId({ id })

  const addressOf = (executionId: string) => {
    const entityId = EntityId.make(executionId)
    return EntityAddress.make({
      entityType: EntityType.make(`Workflow/${ExecutionWorkflow._tag}`),
      entityId,
      shardId: sharding.getShardId(entityId, shardGroup)
    })
  }

  return {
    register: (
      body: (id: string) => Effect.Effect<void, never, WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance>
    ) => engine.register(ExecutionWorkflow, ({ id }) => body(id)),

    begin: (id: string) =>
      Effect.asVoid(
        Effect.provideService(
          ExecutionWorkflow.execute({ id }, { discard: true }),
          WorkflowEngine.WorkflowEngine,
          engine
        )
      ),

    end: Effect.fnUntraced(function* (id: string) {
      yield* engine.deferredDone(Ended, {
        workflowName: ExecutionWorkflow._tag,
        executionId: yield* keyOf(id),
        deferredName: Ended.name,
        exit: Exit.void
      })
    }),

    /** Whether it runs in this process, if it runs. */
    holds: (id: string) => Effect.map(keyOf(id), (key) => sharding.hasShardId(addressOf(key).shardId)),

    /** Null where it has not come to a wait or its end since it was begun or woken, or was never begun. */
    stateOf: Effect.fnUntraced(function* (id: string) {
      const result = yield* engine.poll(ExecutionWorkflow, yield* keyOf(id))
      return Option.isSome(result) ? result.value._tag : null
    }),

    /** Has its messages delivered again, should the runner have taken and dropped them, and runs it where it waits. */
    wake: Effect.fnUntraced(function* (id: string) {
      const executionId = yield* keyOf(id)
      yield* Effect.orDie(storage.resetAddresses([addressOf(executionId)]))
      yield* engine.resume(ExecutionWorkflow, executionId)
      yield* sharding.pollStorage
    }),

    inOne: (name: string, work: Effect.Effect<never>) => sharding.registerSingleton(name, work),

    isOurs: (name: string) => sharding.hasShardId(sharding.getShardId(EntityId.make(name), shardGroup)),

    /** By the keys of its messages: the cluster's own way to clear an address reads the whole table. */
    forget: Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      const keys = yield* Effect.forEach(ids, keyOf)
      const messages = keys.flatMap((key) => {
        const address = addressOf(key)
        return [
          Envelope.primaryKeyByAddress({ address, tag: "run", id: "" }),
          Envelope.primaryKeyByAddress({ address, tag: "deferred", id: Ended.name })
        ]
      })
      const requests = sql`SELECT id FROM cluster_messages WHERE ${sql.in("message_id", messages)}`
      yield* sql`DELETE FROM cluster_replies WHERE request_id IN (${requests})`.pipe(
        Effect.andThen(sql`DELETE FROM cluster_messages WHERE ${sql.in("message_id", messages)}`),
        sql.withTransaction,
        Effect.orDie
      )
    })
  }
})

/**
 * Steps run beside their workflow: the cluster may interrupt a run to begin it anew, which must neither cut a hook
 * short nor run it twice. A step that fails is run again; closing the scope ends it without a result.
 */
const makeRunning = Effect.fnUntraced(function* (steps: Pick<ExecutionSteps["Service"], "start" | "end">) {
  const fibers = yield* FiberMap.make<string, void>()

  const once = (step: "start" | "end") =>
    Effect.fnUntraced(function* (id: string) {
      const running = again(`The ${step} of execution ${id}`, steps[step](id))
      const fiber = yield* FiberMap.run(fibers, nameOf(id, step === "end"), running, { onlyIfMissing: true })
      const exit = yield* Fiber.await(fiber)
      if (Exit.isFailure(exit)) yield* Effect.never
    })

  const has = (id: string) => [true, false].some((ending) => FiberMap.hasUnsafe(fibers, nameOf(id, ending)))

  return { started: once("start"), ended: once("end"), has }
})

const nameOf = (id: string, ending: boolean) => `${ending ? "end" : "start"} ${id}`

const shardGroup = "default"
const sharesMs = 2000
/** A cluster that has no runner for a shard keeps on trying, and one that is stuck must not hold up the others. */
const patienceMs = 5000
/** Leaves connections of the database to others. */
const atOnce = { concurrency: 8, discard: true } as const

const again = (what: string, effect: Effect.Effect<void>) =>
  effect.pipe(
    Effect.tapCause((cause) => Effect.logWarning(`${what} failed and is tried again`, cause)),
    Effect.sandbox,
    Effect.retry(Schedule.min([Schedule.exponential(100), Schedule.spaced(3000)])),
    Effect.orDie
  )
