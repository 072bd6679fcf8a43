/** The front door for people who do not use Effect: promises and plain objects. */
import {
  Adapters,
  type AnyAdapter,
  cancelledHalt,
  CurrentExecution,
  decodeContext,
  type Dialect,
  Dialects,
  Engine,
  type EventContext,
  type Execution as EngineExecution,
  type FireOptions as EngineFireOptions,
  type FireReport,
  FunctionAdapter,
  type HookSet,
  type HostCapability,
  HttpAction,
  InvalidContext,
  Journal,
  type JournalEntry,
  lackOf,
  type LoadNotice,
  type MovableClock,
  saysNothing,
  ToolAction,
  UnknownEvent
} from "@tenterhook/core"
import { ShellAdapter } from "@tenterhook/shell"
import type { Toolkit, ToolDefinition, ToolkitOptions, ToolSource } from "@tenterhook/tool-call"
import { Clock, Effect, Exit, Layer, ManagedRuntime, Result, Scope } from "effect"
import { resolve } from "node:path"
import type { AnyHooks, FireOptions } from "./AnyHooks.ts"
import { resolveAsk, type Ask } from "./ask.ts"
import type { ConfigText } from "./ConfigText.ts"
import { listOf, loadConfigs } from "./Configs.ts"
import { endOnce, type Execution, executionWith, type OngoingExecution, startAborted } from "./Execution.ts"
import { type Delivered, type DeliverOptions, makeMailroom } from "./Mailroom.ts"
import { checkOptions } from "./options/Check.ts"
import * as shapes from "./options/shapes.ts"
import type { EndpointOptions } from "./outbox.ts"
import { folderOf, within } from "./folderOf.ts"
import { adapterOfLayer, lazyAdapter } from "./lazyAdapter.ts"
import { unlessAborted } from "./unlessAborted.ts"
import { checkRuntime } from "./UnsupportedRuntime.ts"
import type { EngineAdapter, PlainAdapter } from "./PlainAdapter.ts"
import type { PlainDialect } from "./PlainDialect.ts"
import type { EngineDialect } from "./plugins/dialectOf.ts"
import { builtIn } from "./plugins/openPlugins.ts"
import { pluginsFor } from "./plugins/pluginsFor.ts"

export interface HooksOptions {
  /**
   * Config files, relative to `cwd`, or configs as text. Default, if there are no `hooks`: the configs that are found
   * from `cwd` up to the repository's root; if there are none, `createHooks` rejects. An empty list: no config, on
   * purpose; with a `dialect` that is configured by environment, what its environment configures.
   */
  readonly config?: string | ConfigText | ReadonlyArray<string | ConfigText>
  /** The config's dialect; recognized where absent. Of `hooks`: `native` where absent. */
  readonly dialect?: string
  readonly mode?: string
  /**
   * Unknown keys and events of a native config are notices, not errors: for a config that is written for a newer version.
   * Wrong types and duplicate keys stay errors. Default: false.
   */
  readonly lenient?: boolean
  /** Hooks given in code, in the dialect's own form. */
  readonly hooks?: unknown
  /** Absolute: where configs, hooks and MCP servers start where they do not say. The process's own where absent. */
  readonly cwd?: string
  /** The host's environment as dialects and hooks see it where a fire's context has none; the process's own where absent. */
  readonly env?: Readonly<Record<string, string>>
  /** Further adapters, named in configs by their kind. One of kind `tool` or `http` takes the place of ours. */
  readonly adapters?: ReadonlyArray<PlainAdapter | EngineAdapter>
  /** Further dialects, named by their id and recognized before ours. */
  readonly dialects?: ReadonlyArray<PlainDialect | EngineDialect>
  /** Modules that export adapters and dialects: paths relative to `cwd`, or packages that are installed there or above. */
  readonly plugins?: ReadonlyArray<string>
  /** Whether `plugins:` of native configs that are named here are loaded. False, for configs of others, refuses them. Default: true. */
  readonly configPlugins?: boolean
  /** The tools that hooks may call: functions, or with MCP servers and a shared folder `{tools, servers, folder}`. */
  readonly tools?: ReadonlyArray<ToolDefinition> | ToolkitOptions
  /** Places beside public addresses that requests may go to, as `127.0.0.1:8080`, and networks. */
  readonly allow?: ReadonlyArray<string>
  /** Who gets what dialects announce, signed. Absent: the endpoints that the data folder has. */
  readonly endpoints?: ReadonlyArray<EndpointOptions>
  /**
   * Where announcements are kept until they are delivered, relative to `cwd`; `.tenterhook` where there are `endpoints`.
   * Neither: nobody gets what is announced, but for the journal's listeners.
   */
  readonly dataFolder?: string
  /** What the host honours of an answer; absent: everything. */
  readonly host?: ReadonlyArray<HostCapability>
  /** Answers an `ask`: true allows, false or a rejection denies. Absent: the host reads `verdict: "ask"` itself. */
  readonly ask?: Ask
  /** For tests: the time limits of hooks and the retries of deliveries go by it. */
  readonly clock?: MovableClock
}

export interface Hooks extends AnyHooks {
  /** The hook sets that were loaded, in order. */
  readonly sets: ReadonlyArray<HookSet>
  /** What loading found that the configs' owners should know. */
  readonly notices: ReadonlyArray<LoadNotice>
  /**
   * The second half of an execution whose start hooks ran earlier, perhaps in a process that is gone. The context is
   * the one it was started with, and has its `executionId`. The caller must call `end`.
   */
  readonly resumeExecution: (context: EventContext & { readonly executionId: string }) => Promise<OngoingExecution>
  /** The tools of the host's own and of each MCP server, which are started for it. */
  readonly tools: () => Promise<ReadonlyArray<ToolSource>>
  /**
   * Announcements are delivered in the background. This waits, by default for 10 seconds, while one may still be
   * delivered in that time. What is left stays in the data folder, for the next host that uses it.
   */
  readonly deliver: (options?: DeliverOptions) => Promise<Delivered>
  /** Calls the listener with each fact about every fire until the returned function is called. */
  readonly listen: (listener: (entry: JournalEntry) => void) => () => void
}

/**
 * Rejects with `InvalidOptions` for an unknown option or a wrong type, with `ConfigNotFound` where no config is named and
 * none is found, with `ConfigError` where a config cannot be loaded, with `NoDialect` for an unknown dialect, with
 * `PluginError` where an adapter, a dialect or a module of them cannot be used, with `UnsupportedRuntime` where hooks run
 * commands and this runtime cannot, and with an error that says what was expected where tools, endpoints or the
 * allow-list are invalid.
 */
export const createHooks = async (options: HooksOptions = {}): Promise<Hooks> => {
  checkOptions("createHooks", shapes.hooksOptions, options)
  const cwd = folderOf(options.cwd)
  const env = options.env ?? hostEnv
  const plugged = await pluginsFor({ ...options, cwd })
  const known: ReadonlyArray<Dialect> = [...plugged.dialects, ...builtIn]
  const scope = Scope.makeUnsafe("parallel")
  const closing: Array<() => Promise<void>> = [() => Effect.runPromise(Scope.close(scope, Exit.void))]
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end()
  }
  try {
    if ((options.allow ?? []).length > 0) (await import("@tenterhook/webhook")).makeGuard({ allow: options.allow! })
    const toolkit = await toolkitOf(options.tools, cwd, env, (it) => closing.push(() => Effect.runPromise(it.close)))
    const given = plugged.adapters
    const own = [toolAdapter(toolkit), httpAdapter(options.allow ?? [], scope)]
    const base = ManagedRuntime.make(
      Layer.mergeAll(
        FunctionAdapter.layer,
        ShellAdapter.layer,
        adaptersLayer([...own.filter(({ kind }) => !given.some((one) => one.kind === kind)), ...given])
      ).pipe(
        Layer.provideMerge(Layer.mergeAll(Adapters.layer, Journal.layer, Dialects.layer(known))),
        Layer.provideMerge(options.clock === undefined ? Layer.empty : Layer.succeed(Clock.Clock, options.clock.clock))
      )
    )
    closing.push(() => base.dispose())
    const { engine, journal, context } = await run(base, load({ ...options, cwd, env }, known))
    await checkRuntime(engine.sets)
    const mailroom = await makeMailroom({ ...options, cwd }, journal.listen)
    closing.push(mailroom.close)
    const stopping = new AbortController()
    const inFlight = new Set<Promise<unknown>>()
    /** Closing waits for it. */
    const tracked = <A>(running: Promise<A>): Promise<A> => {
      inFlight.add(running)
      return running.finally(() => inFlight.delete(running))
    }
    const runEngine = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
      return settle(tracked(Effect.runPromiseExitWith(context)(effect, { signal: stopping.signal })))
    }
    closing.push(async () => {
      stopping.abort(new Error("the hooks are closed; nothing can be fired any more"))
      await Promise.all(inFlight)
    })
    const withDefaults = (given: EventContext): EventContext => ({
      ...given,
      cwd: within(cwd, given.cwd),
      env: given.env ?? env
    })
    const hostOptions = (given: FireOptions): EngineFireOptions =>
      given.host === undefined && options.host !== undefined ? { ...given, host: options.host } : given

    const answered = async (report: FireReport, { signal, whenAborted }: FireOptions): Promise<FireReport> => {
      if (options.ask === undefined || report.verdict !== "ask") return report
      const ends = signal === undefined ? stopping.signal : AbortSignal.any([stopping.signal, signal])
      return resolveAsk(report, options.ask, ends).catch((error: unknown) => {
        if (whenAborted === "report" && signal?.aborted === true) return report
        throw error
      })
    }
    const fireIn =
      (execution: EngineExecution | null) =>
      async (name: string, given: EventContext = {}, fireOptions: FireOptions = {}): Promise<FireReport> => {
        checkOptions("fire", shapes.fireOptions, fireOptions)
        const { signal, whenAborted = "reject" } = fireOptions
        const rejecting = whenAborted === "reject" ? signal : undefined
        stopping.signal.throwIfAborted()
        rejecting?.throwIfAborted()
        const event = engine.event(name, fireOptions.class)
        if (event instanceof UnknownEvent) throw event
        const idle = engine.idle(event, withDefaults(given))
        if (idle !== null && signal?.aborted !== true) return idle
        const context = checked(given)
        // Only here are the keys that no event has: one of them may be what was meant.
        if (!saysNothing(given)) throwIf(lackOf(event.name, given))
        const fire = engine.fire(name, withDefaults(context), hostOptions(fireOptions))
        const fired = await runEngine(Effect.provideService(fire, CurrentExecution, execution))
        const posted = await unlessAborted(rejecting, tracked(mailroom.posted(fired)))
        const report = await answered(posted, fireOptions)
        rejecting?.throwIfAborted()
        return signal?.aborted === true && report.halt === null ? cancelled(report) : report
      }
    const fire = fireIn(null)

    const ongoing = (given: EventContext, id: string) => {
      const own = Scope.forkUnsafe(scope)
      const fireHere = fireIn({ id, scope: own })
      const within = (more: EventContext | undefined): EventContext => ({ ...given, executionId: id, ...more })
      const release = () => runEngine(Scope.close(own, Exit.void))
      const execution: OngoingExecution = {
        id,
        fire: (name, more, fireOptions) => fireHere(name, within(more), fireOptions),
        end: endOnce(async (how, endOptions) => {
          checkOptions("end", shapes.executionEnd, how)
          return fireHere("execution_end", within(how), endOptions).finally(release)
        })
      }
      return { execution, release }
    }
    const startExecution = async (given: EventContext = {}, startOptions?: FireOptions): Promise<Execution> => {
      startOptions?.signal?.throwIfAborted()
      const { execution, release } = ongoing(given, given.executionId ?? crypto.randomUUID())
      try {
        return { ...execution, start: await execution.fire("execution_start", undefined, startOptions) }
      } catch (error) {
        if (startOptions?.signal?.aborted === true) await execution.end(startAborted).catch(() => {})
        await release()
        throw error
      }
    }

    const hooks: Hooks = {
      sets: engine.sets,
      notices: engine.sets.flatMap((set) => set.notices),
      fire,
      explain: (name, given = {}) =>
        runEngine(Effect.suspend(() => engine.explain(name, withDefaults(checked(given))))),
      execution: executionWith(startExecution),
      startExecution,
      resumeExecution: async (given) => {
        const { executionId } = checked(given)
        if (executionId !== undefined && executionId !== "") return ongoing(given, executionId).execution
        const text = "expected the id of the execution that goes on, got none"
        throw new InvalidContext({ problems: [{ path: "executionId", text }] })
      },
      tools: async () => {
        const { list } = await toolkit.get()
        return Effect.runPromise(list)
      },
      deliver: async (deliverOptions = {}) => {
        checkOptions("deliver", shapes.deliverOptions, deliverOptions)
        return mailroom.deliver(deliverOptions)
      },
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
      ...(options.config === undefined ? {} : { configs: listOf(options.config) }),
      ...(options.hooks === undefined ? {} : { value: options.hooks }),
      ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
      ...(options.mode === undefined ? {} : { mode: options.mode }),
      ...(options.lenient === undefined ? {} : { lenient: options.lenient }),
      cwd: options.cwd,
      env: options.env,
      ...(options.configPlugins === undefined ? {} : { configPlugins: options.configPlugins })
    },
    known,
    registered
  )
  const context = yield* Effect.context<Adapters | Journal | Dialects>()
  const engine = yield* Effect.provide(Engine, Engine.layer(sets))
  return { engine, journal: yield* Journal, context }
})

interface LazyToolkit {
  readonly get: () => Promise<Toolkit>
}

/** Made at once where tools were given, so that what is wrong with them is said before anything is fired. */
const toolkitOf = async (
  given: HooksOptions["tools"],
  cwd: string,
  env: Readonly<Record<string, string>>,
  onMade: (toolkit: Toolkit) => void
): Promise<LazyToolkit> => {
  let making: Promise<Toolkit> | undefined
  const make = async () => {
    const { makeToolkit } = await import("@tenterhook/tool-call")
    const wanted: ToolkitOptions = isList(given) ? { tools: given } : (given ?? {})
    const { servers } = wanted
    const placed = servers === undefined ? {} : { servers: startingIn(cwd, servers) }
    const toolkit = makeToolkit({ env, ...wanted, ...placed })
    onMade(toolkit)
    return toolkit
  }
  const get = () => (making ??= make())
  if (given !== undefined) await get()
  return { get }
}

const isList = (given: HooksOptions["tools"]): given is ReadonlyArray<ToolDefinition> => Array.isArray(given)

/** MCP servers that are started and do not say where get this folder. What is not as it should be stays for the toolkit to refuse. */
const startingIn = (cwd: string, servers: object): object => {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value)
  const inner = "mcpServers" in servers ? servers.mcpServers : servers
  if (!isObject(inner)) return servers
  const placed = Object.entries(inner).map(([name, server]) => {
    if (!isObject(server) || !("command" in server)) return [name, server]
    const place = server["cwd"] ?? "."
    // A place that begins with a variable is the toolkit's to read.
    const known = typeof place === "string" && place.trim() !== "" && !place.startsWith("$")
    return [name, known ? { ...server, cwd: resolve(cwd, place) } : server]
  })
  return Object.fromEntries(placed)
}

const toolAdapter = (toolkit: LazyToolkit): AnyAdapter =>
  lazyAdapter<ToolAction>("tool", ToolAction, async () =>
    (await import("@tenterhook/tool-call")).ToolAdapter.adapterOf(await toolkit.get())
  )

const httpAdapter = (allow: ReadonlyArray<string>, scope: Scope.Scope): AnyAdapter =>
  lazyAdapter<HttpAction>("http", HttpAction, async () =>
    adapterOfLayer("http", (await import("@tenterhook/webhook")).WebhookAdapter.layerWith({ guard: { allow } }), scope)
  )

const adaptersLayer = (adapters: ReadonlyArray<AnyAdapter>) =>
  Layer.effectDiscard(Effect.flatMap(Adapters, (registry) => Effect.forEach(adapters, registry.register)))

/** The process's environment, live: a set that is configured by environment reads it at each fire. */
const hostEnv = process.env as Readonly<Record<string, string>>

const checked = (given: EventContext): EventContext => {
  const { env, ...rest } = given
  const decoded = decodeContext(rest)
  if (Result.isFailure(decoded)) throw decoded.failure
  return env === undefined ? decoded.success : { ...decoded.success, env }
}

/** The host aborted after the last hook had ended. */
const cancelled = (report: FireReport): FireReport => ({ ...report, proceed: false, halt: cancelledHalt, resume: null })

const throwIf = (error: Error | null) => {
  if (error !== null) throw error
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
