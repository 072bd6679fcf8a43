/** Fires hooks and keeps what came of it, before anybody is told. */
import { type EventContext, type FireReport, InvalidContext, UnknownEvent } from "@tenterhook/core"
import type { FireOptions, OngoingExecution } from "@tenterhook/sdk"
import { Clock, Context, Effect, Fiber, Layer, Metric } from "effect"
import { about, InvalidRequest, type Unacceptable } from "../api/Problem.ts"
import { IdempotentId } from "../http/idempotency.ts"
import { Fires, type FireTarget, type TakenOver } from "../store/Fires.ts"
import type { StoreError } from "../store/StoreError.ts"
import { Feed } from "../watch/Feed.ts"
import * as figures from "../watch/figures.ts"
import { Ground } from "./Ground.ts"
import { type LiveHooks, LoadedHooks } from "./LoadedHooks.ts"
import type { Target } from "./Targets.ts"

export interface Firing {
  readonly event: string
  readonly context: EventContext
  /** What the request's context has beside it, under keys that no event has: one of them may be the one that is missing. */
  readonly unknown?: object
  readonly options: FireOptions
  readonly executionId: string | null
  /** The execution that this process knows, so that what hooks leave running ends with it. */
  readonly within?: OngoingExecution
}

/** What is kept beside the report. */
export interface Told extends FireTarget {
  readonly context: EventContext
  readonly executionId: string | null
  /** Of the execution's own start and end. */
  readonly phase?: "start" | "end"
  /** The request that fired, where it had an idempotency key. */
  readonly request?: string | null
}

export class Fire extends Context.Service<
  Fire,
  {
    /**
     * A host that goes away cancels its hooks; what they came to is kept all the same. Sent again with its idempotency
     * key, what is on record is not fired again.
     */
    readonly fire: (
      target: Target,
      firing: Firing
    ) => Effect.Effect<FireReport, StoreError | InvalidRequest | Unacceptable>
    readonly explain: (
      target: Target,
      event: string,
      context: EventContext
    ) => Effect.Effect<unknown, StoreError | InvalidRequest | Unacceptable>
    /** Whatever fires: keeps its report with what was announced. */
    readonly kept: (
      live: LiveHooks,
      about: Told,
      fire: (signal: AbortSignal) => Promise<FireReport>
    ) => Effect.Effect<FireReport, StoreError | InvalidRequest | TakenOver>
    /** As hooks of this server see it. */
    readonly contextOf: (given: EventContext, agentId: string | null) => EventContext
  }
>()("@tenterhook/server/hooks/Fire") {
  static readonly layer = Layer.effect(
    Fire,
    Effect.gen(function* () {
      const ground = yield* Ground
      const loaded = yield* LoadedHooks
      const fires = yield* Fires
      const feed = yield* Feed
      const scope = yield* Effect.scope

      const tell = Effect.fnUntraced(function* (report: FireReport, about: Told, durationMs: number) {
        const { fireId, event, verdict, proceed } = report
        const { agentId, hookSetId, version, executionId } = about
        // Names of a host's own are without number, and each would be a figure of its own.
        const counted = event.includes(":") ? "other" : event
        yield* Metric.update(Metric.withAttributes(figures.fires, { event: counted, verdict }), 1)
        yield* Metric.update(figures.fireDuration, durationMs)
        for (const { adapter, status, reason } of report.outcomes)
          yield* Metric.update(
            Metric.withAttributes(figures.outcomes, { adapter, status, ...(reason === null ? {} : { reason }) }),
            1
          )
        const outcomes = report.outcomes.map(({ hook, status, reason }) => ({ hook, status, reason }))
        const data = {
          id: fireId,
          event,
          verdict,
          proceed,
          agentId,
          hookSetId,
          version,
          executionId,
          outcomes,
          durationMs
        }
        feed.publish({ type: "fire", agentId, executionId, data })
        if (about.phase === undefined) return
        const status = about.phase === "start" ? "running" : "ended"
        yield* Metric.update(Metric.withAttributes(figures.executions, { phase: about.phase }), 1)
        feed.publish({ type: "execution", agentId, executionId, data: { id: executionId, status, agentId, hookSetId } })
      })

      const contextOf = (given: EventContext, agentId: string | null): EventContext => {
        const context =
          agentId === null ? given : { ...given, agent: { ...given.agent, id: given.agent?.id ?? agentId } }
        if (agentId === null || context.extra?.["deployment_id"] !== undefined) return context
        return { ...context, extra: { ...context.extra, deployment_id: ground.deploymentId } }
      }

      const liveOf = (target: Target) =>
        target.upload === null ? loaded.ofDigest(target.kept!) : loaded.ofUpload(target.upload)

      const kept: Fire["Service"]["kept"] = Effect.fnUntraced(function* (live, about, run) {
        const at = yield* Clock.currentTimeMillis
        const started = performance.now()
        const abort = new AbortController()
        // In a fiber of the server's own: once hooks have run, it is on record, whoever still listens.
        const working = yield* Effect.forkIn(
          Effect.gen(function* () {
            const report = yield* Effect.tryPromise({ try: () => run(abort.signal), catch: refusal })
            const announcements = live.takeAnnouncements(report.fireId)
            const durationMs = Math.round((performance.now() - started) * 1000) / 1000
            // Whoever went away had its hooks cancelled: sent again, it is fired again.
            const request = abort.signal.aborted ? null : (about.request ?? null)
            yield* fires.keep({ ...about, request, report, announcements, at, durationMs }).pipe(
              // An execution that is ended again gives the report of its end again, and runs no hook that would announce.
              Effect.onError(() =>
                Effect.sync(() => {
                  if (about.phase === "end") live.giveBack(report.fireId, announcements)
                })
              )
            )
            yield* tell(report, about, durationMs)
            return report
          }),
          scope,
          { startImmediately: true }
        )
        return yield* Fiber.join(working).pipe(Effect.onInterrupt(() => Effect.sync(() => abort.abort())))
      })

      const fire = Effect.fnUntraced(
        function* (target: Target, { event, context: given, unknown, options, executionId, within }: Firing) {
          const request = yield* IdempotentId
          const before = request === null ? null : yield* fires.ofRequest(request)
          if (before !== null) return before
          const live = yield* liveOf(target)
          const context = contextOf(given, target.agentId)
          const { agentId, hookSetId, version } = target
          const fireHere = within?.fire ?? live.hooks.fire
          return yield* kept(live, { agentId, hookSetId, version, context, executionId, request }, (signal) =>
            fireHere(event, { ...unknown, ...context }, { ...options, signal, whenAborted: "report" })
          )
          // Only the start and the end of an execution can be taken over.
        },
        Effect.catchTag("TakenOver", Effect.die),
        Effect.scoped
      )

      const explain = Effect.fnUntraced(function* (target: Target, event: string, given: EventContext) {
        const { hooks } = yield* liveOf(target)
        return yield* Effect.tryPromise({
          try: () => hooks.explain(event, contextOf(given, target.agentId)),
          catch: refusal
        })
      }, Effect.scoped)

      return Fire.of({ fire, explain, kept, contextOf })
    })
  )
}

/** What the caller can mend; anything else is a fault of ours. */
const refusal = (error: unknown): InvalidRequest => {
  if (error instanceof UnknownEvent) return new InvalidRequest(about("payload.event", error.message))
  if (error instanceof InvalidContext) {
    const errors = error.problems.map(({ path, text }) => ({ field: `payload.context.${path}`, message: text }))
    return new InvalidRequest({ detail: error.message, errors })
  }
  throw error
}
