/** Which hooks run for an event, in what order, and what their outcomes add up to. Knows no processes, HTTP or config syntax. */
import { Clock, Context, Deferred, Effect, Exit, Layer, Schema } from "effect"
import { type Dialect, Dialects, type Fire, type NoDialect } from "./Dialect.ts"
import { CurrentContext } from "./event/CurrentContext.ts"
import { CurrentEvent } from "./event/CurrentEvent.ts"
import {
  canonicalEvents,
  classOf,
  type EventClass,
  type EventName,
  type HookEvent,
  isEventName
} from "./event/Event.ts"
import type { EventContext, InvalidContext } from "./event/EventContext.ts"
import { lackOf, saysNothing } from "./event/requiredValues.ts"
import type { Hook } from "./hook/Hook.ts"
import type { HookSet } from "./hook/HookSet.ts"
import { Journal } from "./journal/Journal.ts"
import type { FireReport, OutcomeReport } from "./merge/FireReport.ts"
import { type HostCapability, merge } from "./merge/merge.ts"
import { explain, type Explanation, planner, type SetPlan, skipsForLackOfTool } from "./plan/Plan.ts"
import { finish, finishNow } from "./plan/Planning.ts"
import { describeAction } from "./run/Action.ts"
import { Adapters } from "./run/Adapters.ts"
import type { FireId } from "./run/Invocation.ts"
import { Outcomes } from "./run/Outcomes.ts"
import { runHook, type Settled, skip } from "./run/runHook.ts"

export interface FireOptions {
  /** What the host honours of an answer; absent: everything. What it cannot honour is lowered, never raised. */
  readonly host?: ReadonlyArray<HostCapability>
  /** The class of a namespaced event; `observe` where the host does not say. */
  readonly class?: EventClass
  /** Cancels: stops the hooks that run and starts no others. The report halts, so it never proceeds. */
  readonly signal?: AbortSignal
}

export class Engine extends Context.Service<
  Engine,
  {
    readonly sets: ReadonlyArray<HookSet>
    /** The event of a canonical or a dialect's own name. */
    readonly event: (name: string, declared?: EventClass) => HookEvent | UnknownEvent
    /**
     * The report of an event that no hook is for, found without starting anything. Null if there is work, if a value is
     * missing, or if patterns must be matched that take long. Plain code.
     */
    readonly idle: (event: HookEvent, context: EventContext) => FireReport | null
    /**
     * Runs the hooks that fit and adds up their outcomes. A hook's failure is an outcome, never an error. Fails with
     * `InvalidContext` where the context lacks what the event requires, e.g. `tool.name`: a hook that matches on it would
     * silently not run.
     */
    readonly fire: (
      name: string,
      context: EventContext,
      options?: FireOptions
    ) => Effect.Effect<FireReport, UnknownEvent | InvalidContext>
    readonly explain: (name: string, context: EventContext) => Effect.Effect<Explanation, UnknownEvent>
  }
>()("@tenterhook/core/Engine") {
  /** An engine for these sets, in this order. A set whose dialect is not registered fails the layer. */
  static readonly layer = (
    sets: ReadonlyArray<HookSet>
  ): Layer.Layer<Engine, NoDialect, Dialects | Adapters | Journal> => Layer.effect(Engine, makeEngine(sets))
}

/** Neither a canonical event, nor one of the loaded dialects', nor `<namespace>:<name>`. */
export class UnknownEvent extends Schema.TaggedError<UnknownEvent>()("UnknownEvent", {
  name: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `unknown event "${this.name}"; known are ${this.known.join(", ")}, and <namespace>:<name>`
  }
}

/** How often hooks may resume one turn before it must end. */
export const resumeCap = 8

const makeEngine = Effect.fnUntraced(function* (sets: ReadonlyArray<HookSet>) {
  const dialects = yield* Dialects
  const adapters = yield* Adapters
  const journal = yield* Journal
  const speakers = new Map<string, Dialect>()
  for (const set of sets) speakers.set(set.dialect, yield* dialects.get(set.dialect))
  const events = eventsOf([...speakers.values()])
  const plan = planner(sets)
  const resumes = makeResumeCount()
  const named = new Set(sets.map((set) => set.dialect))
  const dialect = named.size === 1 ? [...named][0]! : null
  const warnings = sets.flatMap((set) => set.warnings ?? [])
  const idPrefix = crypto.randomUUID().replaceAll("-", "").slice(0, 12)
  let fires = 0
  const nextId = () => `fire_${idPrefix}_${++fires}` as FireId

  const empty = (event: HookEvent): FireReport => ({
    fireId: nextId(),
    event: event.name,
    dialect,
    proceed: true,
    verdict: "abstain",
    reasons: [],
    rewrite: null,
    context: [],
    notices: warnings,
    halt: null,
    resume: null,
    losses: [],
    outcomes: []
  })

  const run = Effect.fnUntraced(function* (
    event: HookEvent,
    plans: ReadonlyArray<SetPlan>,
    context: EventContext,
    options: FireOptions
  ) {
    const clock = yield* Clock.Clock
    const fireId = nextId()
    const now = () => clock.currentTimeMillisUnsafe()
    const cancelled = yield* Deferred.make<void>()
    yield* cancelWith(options.signal, cancelled)
    journal.append({
      _tag: "planned",
      at: now(),
      fireId,
      event: event.name,
      context,
      hooks: plans.flatMap(({ hooks }) => hooks.map((hook) => hook.name))
    })

    const soFar: Array<OutcomeReport> = []
    const runSet = Effect.fnUntraced(function* ({ set, policy, hooks }: SetPlan) {
      const speaker = speakers.get(set.dialect)!
      const fire: Fire = { fireId, event, context, mode: set.mode }
      const finish = (hook: Hook, settled: Settled): Settled => {
        const at = now()
        soFar.push(settled.outcome)
        journal.append({ _tag: "finished", at, fireId, outcome: settled.outcome })
        for (const announcement of speaker.announce?.(hook, fire, settled.outcome, at) ?? []) {
          journal.append({ _tag: "announced", at, fireId, hook: hook.name, announcement })
        }
        return settled
      }
      const runOne = (hook: Hook) =>
        Effect.map(
          runHook(hook, {
            set,
            dialect: speaker,
            fire,
            cancelled,
            onStart: ({ action }) =>
              journal.append({
                _tag: "started",
                at: now(),
                fireId,
                hook: hook.name,
                source: hook.source,
                adapter: action.kind,
                does: describeAction(action),
                task: context.task
              })
          }),
          (settled) => finish(hook, settled)
        )
      if (policy.order === "parallel") {
        return yield* Effect.forEach(hooks, runOne, { concurrency: "unbounded" })
      }
      const settled: Array<Settled> = []
      let haltedBy: string | undefined
      for (const hook of hooks) {
        if (haltedBy !== undefined) {
          settled.push(finish(hook, skip(hook, set, "halted", `not run after ${haltedBy}`)))
          continue
        }
        const one = yield* runOne(hook)
        settled.push(one)
        const failed = one.outcome.status === "failed"
        if (policy.halting === "failure" ? failed : policy.halting === "decisive" && one.decisive) haltedBy = hook.name
      }
      return settled
    })

    const settled = yield* Effect.forEach(plans, runSet).pipe(
      Effect.provideService(CurrentEvent, event),
      Effect.provideService(CurrentContext, context),
      Effect.provideService(Outcomes, { soFar: () => soFar }),
      Effect.provideService(Adapters, adapters)
    )
    const contributions = settled.flatMap((of, set) =>
      of.map(({ outcome, output }) => ({ hook: outcome.hook, set, policy: plans[set]!.policy, output }))
    )
    const refused = event.class === "loop" ? resumes.refusal(context) : undefined
    const merged = merge(contributions, {
      event,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(refused === undefined ? {} : { resumeRefused: refused }),
      cancelled: options.signal?.aborted === true
    })
    if (merged.resume !== null) resumes.count(context)
    const report: FireReport = {
      fireId,
      event: event.name,
      dialect,
      ...merged,
      notices: [...warnings, ...plans.flatMap(({ notices }) => notices), ...merged.notices],
      outcomes: settled.flatMap((of) => of.map(({ outcome }) => outcome))
    }
    journal.append({ _tag: "verdict", at: now(), fireId, report })
    return report
  }, Effect.scoped)

  const event = (name: string, declared?: EventClass): HookEvent | UnknownEvent =>
    events.find(name, declared) ?? new UnknownEvent({ name, known: events.known })
  const orFail = (found: HookEvent | UnknownEvent) =>
    found instanceof UnknownEvent ? Effect.fail(found) : Effect.succeed(found)

  /** A context that says nothing is how people try hooks by hand: it is refused only where that skips a hook. */
  const lack = (event: HookEvent, context: EventContext): InvalidContext | null => {
    const lacking = lackOf(event.name, context)
    if (lacking === null || (saysNothing(context) && !skipsForLackOfTool(sets, event.name, context))) return null
    return lacking
  }

  return Engine.of({
    sets,
    event,
    idle: (event, context) =>
      finishNow(plan(event.name, context))?.length === 0 && lack(event, context) === null ? empty(event) : null,
    fire: (name, context, options = {}) =>
      Effect.flatMap(orFail(event(name, options.class)), (event) => {
        const lacking = lack(event, context)
        if (lacking !== null) return Effect.fail(lacking)
        const planning = plan(event.name, context)
        const runPlans = (plans: ReadonlyArray<SetPlan>) =>
          plans.length === 0 && options.signal?.aborted !== true
            ? Effect.succeed(empty(event))
            : run(event, plans, context, options)
        const plans = finishNow(planning)
        return plans === undefined ? Effect.flatMap(finish(planning, options.signal), runPlans) : runPlans(plans)
      }),
    explain: (name, context) =>
      Effect.flatMap(orFail(event(name)), (event) => {
        const encode = (hook: Hook, { dialect, mode }: HookSet) => {
          const fire: Fire = { fireId: nextId(), event, context, mode }
          const encoded = Effect.runSyncExit(speakers.get(dialect)!.encode(hook, fire))
          return Exit.isSuccess(encoded) ? encoded.value.action : null
        }
        return finish(explain(sets, event, context, encode))
      })
  })
})

/** Names to events: canonical names first, then the dialects' own. A dialect's class holds where only dialects agree on it. */
const eventsOf = (dialects: ReadonlyArray<Dialect>) => {
  const byName = new Map<string, HookEvent>(canonicalEvents.map((name) => [name, { name, class: classOf(name) }]))
  for (const { events } of dialects) {
    for (const [native, { event, class: declared }] of Object.entries(events)) {
      if (declared !== undefined && dialects.length === 1) byName.set(event, { name: event, class: declared })
      if (!byName.has(native))
        byName.set(native, byName.get(event) ?? { name: event, class: declared ?? classOf(event) })
    }
  }
  return {
    known: [...byName.keys()],
    find: (name: string, declared: EventClass | undefined): HookEvent | undefined => {
      const found = byName.get(name)
      if (found !== undefined || !isEventName(name)) return found
      return { name: name as EventName, class: declared ?? classOf(name) }
    }
  }
}

const cancelWith = (signal: AbortSignal | undefined, cancelled: Deferred.Deferred<void>) =>
  signal === undefined
    ? Effect.void
    : Effect.acquireRelease(
        Effect.sync(() => {
          const cancel = () => void Deferred.doneUnsafe(cancelled, Effect.void)
          if (signal.aborted) cancel()
          else signal.addEventListener("abort", cancel, { once: true })
          return cancel
        }),
        (cancel) => Effect.sync(() => signal.removeEventListener("abort", cancel))
      )

/** How often each turn was resumed. A host that counts says so in `alreadyResumed`; otherwise the engine does. */
const makeResumeCount = () => {
  const counts = new Map<string, number>()
  const turnOf = ({ sessionId, turnId }: EventContext) => `${sessionId ?? ""} ${turnId ?? ""}`
  const countOf = (context: EventContext) => {
    if (typeof context.alreadyResumed === "number") return context.alreadyResumed
    if (context.alreadyResumed === false) counts.delete(turnOf(context))
    return counts.get(turnOf(context)) ?? 0
  }
  return {
    refusal: (context: EventContext) =>
      countOf(context) < resumeCap ? undefined : `hooks resumed this turn ${resumeCap} times already`,
    count: (context: EventContext) => {
      if (counts.size >= maxTurns) counts.clear()
      counts.set(turnOf(context), countOf(context) + 1)
    }
  }
}

const maxTurns = 10_000
