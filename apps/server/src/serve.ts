/** The server as a whole: the layers in one place, and plain promises around them. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { openPlugins, type PluggedIn, type PluginOptions } from "@tenterhook/sdk"
import { PostgresClient } from "@tenterhook/postgres"
import { SqliteClient } from "@tenterhook/sqlite"
import type { ToolDefinition } from "@tenterhook/tool-call"
import { openSender } from "@tenterhook/webhook"
import { Outbox } from "@tenterhook/webhook/outbox"
import { Cause, Effect, Exit, Layer, ManagedRuntime, References } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { SqlClient } from "effect/sql"
import { createServer } from "node:net"
import { join, resolve } from "node:path"
import { Api } from "./api/Api.ts"
import { checkServeOptions } from "./checkServeOptions.ts"
import { deliveryShares } from "./execution/deliveryShares.ts"
import { DurableExecutions } from "./execution/DurableExecutions.ts"
import { accountOf, type KubernetesPlace, NotInKubernetes } from "./execution/kubernetes.ts"
import { LiveExecutions } from "./execution/LiveExecutions.ts"
import { recordedSteps } from "./execution/recordedSteps.ts"
import { Runs } from "./execution/Runs.ts"
import type { RunnerPlace } from "./execution/sharedRunner.ts"
import { Fire } from "./hooks/Fire.ts"
import { Ground } from "./hooks/Ground.ts"
import { LoadedHooks } from "./hooks/LoadedHooks.ts"
import { Targets } from "./hooks/Targets.ts"
import { Toolkits } from "./hooks/Toolkits.ts"
import { authorizationLayer } from "./http/authorization.ts"
import { exchangeLayer } from "./http/exchange.ts"
import { frontDoorLayer, routerConfig } from "./http/frontDoor.ts"
import { idempotencyLayer, migrateIdempotency } from "./http/idempotency.ts"
import { patientServer } from "./http/patientServer.ts"
import { openApiLayer, openApiPaths } from "./http/openapi.ts"
import { beginRequest } from "./http/requestLog.ts"
import { Keys } from "./keys/Keys.ts"
import { migrateKeys } from "./keys/tables.ts"
import { agentRoutes } from "./routes/agents.ts"
import { deliveryRoutes } from "./routes/deliveries.ts"
import { endpointRoutes } from "./routes/endpoints.ts"
import { executionRoutes } from "./routes/executions.ts"
import { fireRoutes } from "./routes/fires.ts"
import { hookSetRoutes } from "./routes/hookSets.ts"
import { healthRoutes, systemRoutes } from "./routes/system.ts"
import { toolServerRoutes } from "./routes/toolServers.ts"
import { makeWithParents } from "./store/DataFolder.ts"
import { databaseAt } from "./store/database.ts"
import { Executions } from "./store/Executions.ts"
import { Processes } from "./store/Processes.ts"
import { retention } from "./store/retention.ts"
import { stores } from "./store/stores.ts"
import { migrate } from "./store/tables.ts"
import { type Listening, ServeError, wordsFor } from "./ServeError.ts"
import { deliveriesInFeed } from "./watch/deliveriesInFeed.ts"
import { Feed } from "./watch/Feed.ts"
import { deliveriesInLog } from "./watch/deliveriesInLog.ts"
import { Health } from "./watch/Health.ts"
import { keysInLog } from "./watch/keysInLog.ts"
import type { LogEntry } from "./watch/LogEntry.ts"
import { type OperatorLog, operatorLog } from "./watch/OperatorLog.ts"

export interface ServeOptions {
  /** 0 takes one that is free. Default: 4700. */
  readonly port?: number
  /** Default: 127.0.0.1, this machine alone. */
  readonly host?: string
  /** Where everything is kept; made where it is not there. Default: `.tenterhook`. */
  readonly data?: string
  /**
   * `postgres://…`: everything is kept there, and several servers may share it; the data folder holds only what is this
   * machine's. Default: a file in the data folder.
   */
  readonly databaseUrl?: string
  /** Another database than these two. */
  readonly database?: OtherDatabase
  /** Where the other servers on the same database reach this one. Default: 127.0.0.1, those on this machine. */
  readonly clusterHost?: string
  /** 0 takes one that is free. Default: 0. */
  readonly clusterPort?: number
  /** Where it listens for them, if they reach it through something that maps addresses or ports. Default: the same. */
  readonly clusterListen?: { readonly host: string; readonly port: number }
  /** Where several servers share a database: Kubernetes is asked which of them live, and not only they themselves. */
  readonly kubernetes?: KubernetesPlace
  /** Places beside public addresses that hooks' requests and deliveries may go to. */
  readonly allow?: ReadonlyArray<string>
  /** MCP servers whose tools hooks may call, `{mcpServers: {…}}`. */
  readonly toolServers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** `/shared` of the file tools, and where commands start; made where it is not there. Default: `shared` in the data folder. */
  readonly shared?: string
  /** Functions of this process that hooks may call as tools, beside the file tools of `shared`. */
  readonly tools?: ReadonlyArray<ToolDefinition>
  /** Further adapters, named in configs by their kind. */
  readonly adapters?: NonNullable<PluginOptions["adapters"]>
  /** Further dialects, named by their id and recognized before ours. */
  readonly dialects?: NonNullable<PluginOptions["dialects"]>
  /** Modules that export adapters and dialects: paths, or packages that are installed here or above. Uploads load none. */
  readonly plugins?: ReadonlyArray<string>
  /** What hooks see of the environment where a fire sends none. Default: PATH, HOME and the like of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Wacht's `deployment_id` where a fire does not say. Default: `default`. */
  readonly deploymentId?: string
  /** Requests from this machine need no key. Default: false. */
  readonly noKeyOnLoopback?: boolean
  /** Requests a second of one key. Default: 5000. */
  readonly ratePerSecond?: number
  /** The largest body. Default: 16 MiB. */
  readonly maxBodyBytes?: number
  /** How long fires and executions that ended are kept. Default: 30 days. */
  readonly recordDays?: number
  /** Receives messages for the operator: what the server could not do, and what it does about it. */
  readonly log?: (text: string) => void
  /** Receives an entry for each request, each try of a delivery, and each key that is created or revoked. */
  readonly logEntry?: (entry: LogEntry) => void
}

/** It has to keep to the contract of `@tenterhook/server/store-contract`. */
export interface OtherDatabase {
  /** As people know it. */
  readonly name: string
  /** A client of effect/sql that speaks SQLite's or Postgres's SQL. */
  readonly client: Layer.Layer<SqlClient.SqlClient, unknown>
  /** Whether other servers may be on it at the same time. */
  readonly shared: boolean
}

export interface RunningServer {
  readonly url: string
  readonly port: number
  /** The key that was made because there was none: the only time that it is told. */
  readonly key: string | null
  /** Absolute. */
  readonly data: string
  /** Where everything is kept if not in the folder, without the password. */
  readonly database: string | null
  /** Takes no new work, ends what is under way, and lets go of the folder. */
  readonly close: () => Promise<void>
}

/** Resolves when it answers. Rejects with `ServeError` where it cannot come up, and with `PluginError` for a plug-in that cannot be used. */
export const serve = async (options: ServeOptions = {}): Promise<RunningServer> => {
  checkServeOptions(options)
  checkPort("the port", options.port ?? defaultPort)
  checkPort("the port for the other servers", options.clusterPort ?? 0)
  if (options.clusterListen !== undefined) {
    checkPort("the port that it listens on for the other servers", options.clusterListen.port)
    if ((options.clusterPort ?? 0) === 0)
      throw new ServeError("where it listens for the other servers: expected to be told as well where they reach it")
  }
  if (options.data === "") throw new ServeError("the data folder: expected a path, got an empty text")
  const data = resolve(options.data ?? ".tenterhook")
  const { databaseUrl } = options
  if (databaseUrl !== undefined && !PostgresClient.isUrl(databaseUrl))
    throw new ServeError("the database URL: expected one that begins with postgres://")
  if (databaseUrl !== undefined && options.database !== undefined)
    throw new ServeError("expected a database URL or another database, got both")
  const plugged = await plugIn(options)
  const isShared = databaseUrl !== undefined || options.database?.shared === true
  const runner = isShared ? await runnerPlace(options) : undefined
  const place = databaseUrl === undefined ? (options.database?.name ?? null) : placeOf(databaseUrl)
  const told = operatorLog(options.log ?? (() => {}), place)
  const drained = Promise.withResolvers<void>()
  const runtime = ManagedRuntime.make(serverLayer({ ...options, data }, plugged, runner, told, drained.resolve))
  const exit = await runtime.runPromiseExit(
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const keys = yield* Keys
      const made = yield* keys.first
      return { address, key: made?.key ?? null, health: yield* Health }
    })
  )
  if (Exit.isFailure(exit)) {
    await runtime.dispose().catch(() => {})
    throw new ServeError(wordsFor(Cause.squash(exit.cause), data, clientsOf(options), othersOf(runner)), {
      cause: Cause.squash(exit.cause)
    })
  }
  const { address, key, health } = exit.value
  const taken = "port" in address ? address.port : (options.port ?? defaultPort)
  return {
    url: `http://${nameOf(options.host ?? defaultHost)}:${taken}`,
    port: taken,
    key,
    data,
    database: databaseUrl === undefined ? (options.database?.name ?? null) : withoutPassword(databaseUrl),
    close: async () => {
      health.drain()
      told.leave()
      await inTime(runtime.dispose(), drained.promise)
    }
  }
}

const serverLayer = (
  options: ServeOptions & { readonly data: string },
  plugged: PluggedIn,
  runner: RunnerPlace | undefined,
  told: OperatorLog,
  drained: () => void
) => {
  const {
    data,
    allow = [],
    port = defaultPort,
    host = defaultHost,
    ratePerSecond = 5000,
    maxBodyBytes = 16 * 1024 * 1024,
    recordDays = 30
  } = options

  const shared = resolve(options.shared ?? join(data, "shared"))
  const ground = Layer.succeed(
    Ground,
    Ground.of({
      shared,
      env: options.env ?? {},
      allow,
      servers: options.toolServers ?? {},
      tools: options.tools ?? [],
      adapters: plugged.adapters,
      dialects: plugged.dialects,
      deploymentId: options.deploymentId ?? "default"
    })
  )

  // Commands start in the shared folder, so it is there before the first one.
  const sharedFolder = Layer.effectDiscard(
    Effect.try({
      try: () => makeWithParents(shared),
      catch: (error) => new Error(`the shared folder cannot be made: ${(error as Error).message}`)
    })
  )
  const { databaseUrl } = options
  const database = Layer.provideMerge(
    Layer.merge(sharedFolder, told.watching),
    databaseAt({ data, databaseUrl: databaseUrl ?? null, other: options.database })
  )
  const processes = runner === undefined ? Processes.layerAlone : Processes.layerShared
  // Ours first: a later version's database is refused by it before anything else is made there.
  const migrated = Layer.effectDiscard(Effect.all([migrate, migrateKeys, migrateIdempotency], { discard: true }))

  const shares = deliveryShares()
  const outbox = Layer.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => openSender({ guard: { allow: [...allow] } })),
        (sender) => Effect.promise(() => sender.close())
      ),
      (sender) => Outbox.layerWithWorker(runner === undefined ? { sender } : { sender, owns: shares.owns })
    )
  )

  const kept = stores.pipe(
    Layer.provideMerge(Layer.provideMerge(deliveriesInFeed, Feed.layer)),
    Layer.provideMerge(outbox),
    Layer.provideMerge(processes),
    Layer.provideMerge(migrated),
    Layer.provideMerge(database)
  )

  const hooks = Layer.mergeAll(Fire.layer, Targets.layer).pipe(
    Layer.provideMerge(LoadedHooks.layer),
    Layer.provideMerge(Toolkits.layer),
    Layer.provideMerge(ground),
    Layer.provideMerge(kept)
  )

  // One server hears all hosts there are; of several, the others heard them meanwhile.
  const renewed =
    runner === undefined ? Layer.effectDiscard(Effect.flatMap(Executions, ({ renew }) => renew)) : Layer.empty
  const durable = DurableExecutions.layer({}, runner)
  const executions = Layer.mergeAll(Runs.layer, retention({ recordDays }), shares.shared).pipe(
    Layer.provideMerge(runner === undefined ? Layer.provide(durable, ownCluster(data)) : durable),
    Layer.provideMerge(recordedSteps),
    Layer.provideMerge(LiveExecutions.layer),
    Layer.provideMerge(renewed),
    Layer.provideMerge(hooks)
  )

  const { logEntry } = options
  const logged = logEntry === undefined ? Layer.empty : Layer.merge(deliveriesInLog(logEntry), keysInLog(logEntry))
  const inside = Layer.provideMerge(Layer.merge(Health.layer, logged), executions)

  const middlewares = Layer.unwrap(
    Effect.map(Health, ({ draining }) =>
      Layer.mergeAll(
        authorizationLayer({ noKeyOnLoopback: options.noKeyOnLoopback ?? false, ratePerSecond }),
        exchangeLayer({ maxBodyBytes, isDraining: draining }),
        idempotencyLayer()
      )
    )
  )

  const routes = HttpApiBuilder.layer(Api).pipe(
    Layer.provide([
      agentRoutes,
      toolServerRoutes,
      hookSetRoutes,
      fireRoutes,
      executionRoutes,
      endpointRoutes,
      deliveryRoutes,
      systemRoutes,
      healthRoutes
    ]),
    Layer.provide(middlewares)
  )

  const app = Layer.mergeAll(routes, openApiLayer(Api), frontDoorLayer(Api, { maxBodyBytes, otherPaths: openApiPaths }))

  const begin = logEntry === undefined ? undefined : beginRequest(logEntry)
  return HttpRouter.serve(app, { routerConfig, disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(() => patientServer(begin), { port, host, gracefulShutdownTimeout: drainMs })
    ),
    Layer.provideMerge(Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(drained)))),
    Layer.provideMerge(inside),
    Layer.provide(told.layer),
    // Nobody collects spans here.
    Layer.provide(Layer.succeed(References.TracerEnabled, false))
  )
}

/** What it loses in a power cut is made up for from our record, so it need not wait for the disk. */
const ownCluster = (data: string) =>
  Layer.fresh(SqliteClient.layer({ filename: join(data, "cluster.db"), synchronous: "NORMAL" }))

const plugIn = ({ dialects, adapters, plugins }: ServeOptions): Promise<PluggedIn> =>
  openPlugins({
    cwd: resolve("."),
    ...(dialects === undefined ? {} : { dialects }),
    ...(adapters === undefined ? {} : { adapters }),
    ...(plugins === undefined ? {} : { plugins })
  })

const runnerPlace = async ({
  clusterHost = defaultHost,
  clusterPort = 0,
  clusterListen,
  kubernetes
}: ServeOptions): Promise<RunnerPlace> => ({
  ...(clusterListen === undefined ? {} : { listen: clusterListen }),
  ...(kubernetes === undefined ? {} : { kubernetes: known(kubernetes) }),
  host: clusterHost,
  port: clusterPort === 0 ? await freePort(clusterHost) : clusterPort
})

const known = (place: KubernetesPlace) => {
  try {
    return accountOf(place)
  } catch (error) {
    throw error instanceof NotInKubernetes ? new ServeError(error.message, { cause: error }) : error
  }
}

/** The others are told the port before anybody listens there. */
const freePort = (host: string) =>
  new Promise<number>((done, refused) => {
    const asking = createServer()
    asking.once("error", (error: Error) =>
      refused(new ServeError(`${host} is no address of this machine`, { cause: error }))
    )
    asking.listen(0, host, () => {
      const { port } = asking.address() as { readonly port: number }
      asking.close(() => done(port))
    })
  })

const defaultPort = 4700
const defaultHost = "127.0.0.1"
/** How long what is under way may take when the server ends: a hook's minute, and a little. */
const drainMs = 65_000
/** How long the rest may take: hooks that run in it are run again, and deliveries are sent again. */
const endMs = 10_000

/** All that counts is on record once nobody is served any more: what does not come to its end soon after that is left. */
const inTime = async (ending: Promise<void>, drained: Promise<void>) => {
  const timers: Array<ReturnType<typeof setTimeout>> = []
  const after = (ms: number) => new Promise<void>((done) => void timers.push(setTimeout(done, ms)))
  const late = Promise.race([drained, after(drainMs)]).then(() => after(endMs))
  await Promise.race([ending, late]).finally(() => timers.forEach(clearTimeout))
}

/** What is no URL is refused with its words when it is opened. */
const placeOf = (url: string) => (URL.canParse(url) ? new URL(url).host : "the URL")

const withoutPassword = (url: string) => {
  const shown = new URL(url)
  shown.password = ""
  return shown.href
}

/** An address as a URL has it; one that stands for all is reached as this machine. */
const nameOf = (host: string) => {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}

const clientsOf = ({ port = defaultPort, host = defaultHost }: ServeOptions): Listening => ({
  host,
  port,
  option: "--port"
})

const othersOf = (runner: RunnerPlace | undefined): Listening | null => {
  if (runner === undefined) return null
  return runner.listen === undefined
    ? { host: runner.host, port: runner.port, option: "--cluster-port" }
    : { ...runner.listen, option: "--cluster-listen" }
}

const checkPort = (what: string, port: number) => {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ServeError(`${what}: expected a whole number from 0 to 65535, got ${port}`)
}
