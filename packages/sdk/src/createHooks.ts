/** The front door for people who do not use Effect: promises and plain objects. */
import {
  Adapters,
  type AnyAdapter,
  CurrentExecution,
  decodeContext,
  type Dialect,
  Dialects,
  Engine,
  type EventContext,
  type Execution as EngineExecution,
  type Explanation,
  type FireOptions as EngineFireOptions,
  type FireReport,
  FunctionAdapter,
  type HookSet,
  type HostCapability,
  Journal,
  type JournalEntry,
  type LoadNotice,
  UnknownEvent
} from "@tenterhook/core"
import * as dialects from "@tenterhook/dialects"
import { ShellAdapter } from "@tenterhook/shell"
import { Effect, Exit, Layer, ManagedRuntime, Result, Scope } from "effect"
import { resolveAsk, type Ask } from "./ask.ts"
import { loadConfigs } from "./Configs.ts"
import { type Execution, ExecutionRefused, type ExecutionEnd } from "./Execution.ts"
import { type EngineAdapter, fromPlain, type PlainAdapter } from "./PlainAdapter.ts"

export interface HooksOptions {
  /** Config files, relative to `cwd`. Neither files nor `hooks`: looked for from `cwd` up to the repository's root. */
  readonly config?: string | ReadonlyArray<string>
  /** The config's dialect; recognized where absent. Of `hooks`: `native` where absent. */
  readonly dialect?: string
  readonly mode?: string
  /** Hooks given in code, in the dialect's own form. */
  readonly hooks?: unknown
  /** Absolute; the process's own where absent. */
  readonly cwd?: string
  /** The host's environment as dialects and hooks see it; the process's own where absent. */
  readonly env?: Readonly<Record<string, string>>
  /** Further adapters, named in configs by their kind. */
  readonly adapters?: ReadonlyArray<PlainAdapter | EngineAdapter>
  /** What the host honours of an answer; absent: everything. */
  readonly host?: ReadonlyArray<HostCapability>
  /** Answers an `ask`: true allows, false or a rejection denies. Absent: the host reads `verdict: "ask"` itself. */
  readonly ask?: Ask
}

export interface FireOptions extends EngineFireOptions {}

export interface Hooks {
  /** The hook sets that were loaded, in order. */
  readonly sets: ReadonlyArray<HookSet>
  /** What loading found that the configs' owners should know. */
  readonly notices: ReadonlyArray<LoadNotice>
  /**
   * Announces an event and runs the hooks that fit. Rejects with `UnknownEvent` or `InvalidContext`; a hook's failure
   * is an outcome in the report, never a rejection.
   */
  readonly fire: (event: string, context?: EventContext, options?: FireOptions) => Promise<FireReport>
  /** Which hooks match, and why the others do not. Runs nothing. */
  readonly explain: (event: string, context?: EventContext) => Promise<Explanation>
  /**
   * Runs the start hooks, then `work`, then the end hooks on every way out; ends what hooks left running.
   * Rejects with `ExecutionRefused`, without running `work`, when the start hooks do not let it proceed.
   */
  readonly execution: <A>(work: (execution: Execution) => Promise<A> | A, context?: EventContext) => Promise<A>
  /**
   * The two halves of `execution`, for a host that cannot pass its work as a function. The caller must call `end`.
   * The options are for the start hooks.
   */
  readonly startExecution: (context?: EventContext, options?: FireOptions) => Promise<Execution>
  /** Calls the listener with each fact about every fire until the returned function is called. */
  readonly listen: (listener: (entry: JournalEntry) => void) => () => void
  /** Ends what still runs. Nothing can be fired afterwards. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Rejects with `ConfigError` where a config cannot be loaded, or `NoDialect` for an unknown dialect. */
export const createHooks = async (options: HooksOptions = {}): Promise<Hooks> => {
  const cwd = options.cwd ?? process.cwd()
  const env = options.env ?? hostEnv
  const known: ReadonlyArray<Dialect> = Object.values(dialects).filter(isDialect)
  const base = ManagedRuntime.make(
    Layer.mergeAll(FunctionAdapter.layer, ShellAdapter.layer, adaptersLayer(options.adapters ?? [])).pipe(
      Layer.provideMerge(Layer.mergeAll(Adapters.layer, Journal.layer, Dialects.layer(known)))
    )
  )
  const closing: Array<() => Promise<void>> = [() => base.dispose()]
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end()
  }
  try {
    const { engine, journal, context } = await run(base, load({ ...options, cwd, env }, known))
    const stopping = new AbortController()
    const inFlight = new Set<Promise<unknown>>()
    const runEngine = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
      const running = Effect.runPromiseExitWith(context)(effect, { signal: stopping.signal })
      inFlight.add(running)
      return settle(running.finally(() => inFlight.delete(running)))
    }
    closing.push(async () => {
      stopping.abort()
      await Promise.all(inFlight)
    })
    const withDefaults = (given: EventContext): EventContext => ({
      ...given,
      cwd: given.cwd ?? cwd,
      env: given.env ?? env
    })
    const hostOptions = (given: FireOptions): EngineFireOptions =>
      given.host === undefined && options.host !== undefined ? { ...given, host: options.host } : given

    const fireIn =
      (execution: EngineExecution | null) =>
      async (name: string, given: EventContext = {}, fireOptions: FireOptions = {}): Promise<FireReport> => {
        const event = engine.event(name, fireOptions.class)
        if (event instanceof UnknownEvent) throw event
        const idle = engine.idle(event, withDefaults(given))
        if (idle !== null) return idle
        const fire = engine.fire(name, withDefaults(checked(given)), hostOptions(fireOptions))
        const report = await runEngine(Effect.provideService(fire, CurrentExecution, execution))
        return options.ask === undefined ? report : resolveAsk(report, options.ask)
      }
    const fire = fireIn(null)

    const startExecution = async (given: EventContext = {}, startOptions?: FireOptions): Promise<Execution> => {
      const id = given.executionId ?? crypto.randomUUID()
      const scope = await Effect.runPromise(Scope.make())
      const fireHere = fireIn({ id, scope })
      const within = (more: EventContext | undefined): EventContext => ({ ...given, executionId: id, ...more })
      const start = await fireHere("execution_start", within(undefined), startOptions)
      let ended: Promise<FireReport> | undefined
      const end = (how: ExecutionEnd) =>
        (ended ??= fireHere("execution_end", within(how)).finally(() => runEngine(Scope.close(scope, Exit.void))))
      return { id, start, fire: (name, more, fireOptions) => fireHere(name, within(more), fireOptions), end }
    }

    const hooks: Hooks = {
      sets: engine.sets,
      notices: engine.sets.flatMap((set) => set.notices),
      fire,
      explain: (name, given = {}) =>
        runEngine(Effect.suspend(() => engine.explain(name, withDefaults(checked(given))))),
      execution: async (work, given) => {
        const execution = await startExecution(given)
        if (!execution.start.proceed) {
          throw new ExecutionRefused(execution.start, await execution.end({ outcome: "aborted" }))
        }
        let result
        try {
          result = await work(execution)
        } catch (error) {
          await execution.end({ outcome: "error", error: error instanceof Error ? error.message : String(error) })
          throw error
        }
        await execution.end({ outcome: "success" })
        return result
      },
      startExecution,
      listen: journal.listen,
      close,
      [Symbol.asyncDispose]: close
    }
    return hooks
  } catch (error) {
    await close()
    throw error
  }
}

const load = Effect.fnUntraced(function* (
  options: HooksOptions & { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  known: ReadonlyArray<Dialect>
) {
  const adapters = yield* Adapters
  const registered: Array<AnyAdapter> = []
  for (const kind of adapters.kinds()) registered.push(yield* Effect.orDie(adapters.get(kind)))
  const sets = yield* loadConfigs(
    {
      files: options.config === undefined ? [] : typeof options.config === "string" ? [options.config] : options.config,
      ...(options.hooks === undefined ? {} : { value: options.hooks }),
      ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
      ...(options.mode === undefined ? {} : { mode: options.mode }),
      cwd: options.cwd,
      env: options.env
    },
    known,
    registered
  )
  const context = yield* Effect.context<Adapters | Journal | Dialects>()
  const engine = yield* Effect.provide(Engine, Engine.layer(sets))
  return { engine, journal: yield* Journal, context }
})

const adaptersLayer = (adapters: ReadonlyArray<PlainAdapter | EngineAdapter>) =>
  Layer.effectDiscard(
    Effect.flatMap(Adapters, (registry) =>
      Effect.forEach(adapters, (one) => registry.register("start" in one ? (one as AnyAdapter) : fromPlain(one)))
    )
  )

/** The process's environment, live: a set that is configured by environment reads it at each fire. */
const hostEnv = process.env as Readonly<Record<string, string>>

const isDialect = (value: unknown): value is Dialect =>
  typeof value === "object" && value !== null && "decode" in value && "modes" in value

const checked = (given: EventContext): EventContext => {
  const { env, ...rest } = given
  const decoded = decodeContext(rest)
  if (Result.isFailure(decoded)) throw decoded.failure
  return env === undefined ? decoded.success : { ...decoded.success, env }
}

const run = async <A, E, R>(runtime: ManagedRuntime.ManagedRuntime<R, never>, effect: Effect.Effect<A, E, R>) =>
  settle(runtime.runPromiseExit(effect))

/** The value, or the error itself as the rejection: callers see `ConfigError`, not the runtime's wrapping. */
const settle = async <A, E>(running: Promise<Exit.Exit<A, E>>): Promise<A> => {
  const exit = await running
  if (Exit.isSuccess(exit)) return exit.value
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") throw reason.error
    if (reason._tag === "Die") throw reason.defect
  }
  throw new Error("the fire was interrupted because the hooks were closed")
}
