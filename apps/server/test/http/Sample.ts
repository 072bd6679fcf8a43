/** A small API of its own behind the server's layers: real HTTP on loopback, a real database. */
import { NodeHttpServer } from "@effect/platform-node"
import { PostgresClient } from "@tenterhook/postgres"
import { type Database, databases, type Engine } from "@tenterhook/testing-databases"
import { Context, Deferred, Effect, Layer, Logger, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { createServer } from "node:http"
import { Authorization, CurrentCaller } from "../../src/api/Authorization.ts"
import { Exchange, Idempotency } from "../../src/api/Exchange.ts"
import { about, NotFound } from "../../src/api/Problem.ts"
import { RequiredScopes } from "../../src/api/Scope.ts"
import { authorizationLayer } from "../../src/http/authorization.ts"
import { exchangeLayer } from "../../src/http/exchange.ts"
import { frontDoorLayer, routerConfig } from "../../src/http/frontDoor.ts"
import { IdempotentId, idempotencyLayer, migrateIdempotency } from "../../src/http/idempotency.ts"
import { openApiLayer } from "../../src/http/openapi.ts"
import { Keys } from "../../src/keys/Keys.ts"
import { migrateKeys } from "../../src/keys/tables.ts"
import { Processes } from "../../src/store/Processes.ts"
import { migrate } from "../../src/store/tables.ts"

const NewThing = Schema.Struct({
  name: Schema.NonEmptyString,
  count: Schema.optionalKey(Schema.Int),
  context: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
const Thing = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  made: Schema.Int,
  by: Schema.NullOr(Schema.String)
})
const limit = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 200 }))
)

class Things extends HttpApiGroup.make("things")
  .add(
    HttpApiEndpoint.post("create", "/things", {
      payload: NewThing,
      success: Thing.pipe(HttpApiSchema.status(201)),
      error: NotFound
    })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["agents:write"]),
    HttpApiEndpoint.get("list", "/things", { query: { limit }, success: Schema.Array(Thing) }).annotate(
      RequiredScopes,
      ["agents:read"]
    ),
    HttpApiEndpoint.get("get", "/things/:id", {
      params: { id: Schema.NonEmptyString },
      success: Thing,
      error: NotFound
    }).annotate(RequiredScopes, ["agents:read"]),
    HttpApiEndpoint.put("both", "/things/:id", {
      params: { id: Schema.NonEmptyString },
      payload: Schema.Record(Schema.String, Schema.Unknown),
      success: Schema.Unknown
    }).annotate(RequiredScopes, ["tools:write", "hooks:write"]),
    HttpApiEndpoint.post("turn", "/things/:id/turn", { params: { id: Schema.NonEmptyString }, success: Thing })
      .middleware(Idempotency)
      .annotate(RequiredScopes, ["agents:write"])
  )
  .middleware(Exchange)
  .middleware(Authorization) {}

class Health extends HttpApiGroup.make("health")
  .add(HttpApiEndpoint.get("live", "/livez", { success: Schema.Struct({ ok: Schema.Literal(true) }) }))
  .middleware(Exchange) {}

export class SampleApi extends HttpApi.make("sample")
  .add(Things)
  .add(Health)
  .annotate(HttpApi.ParseOptions, { errors: "all" }) {}

/** How the sample's routes behave, and what they did. */
export interface Behaviour {
  /** How often `create` ran to its end. */
  made: number
  /** `create` waits for it. */
  gate: Deferred.Deferred<void> | null
  ids: Array<string | null>
  isDraining: boolean
}

export interface SampleSettings {
  readonly noKeyOnLoopback?: boolean
  readonly ratePerSecond?: number | null
  readonly maxBodyBytes?: number
  readonly waitMs?: number
  /** Default: SQLite. */
  readonly engine?: Engine
  /** Default: one of its own. */
  readonly database?: Database
}

const routes = (behaviour: Behaviour) =>
  Layer.merge(
    HttpApiBuilder.group(SampleApi, "things", (handlers) =>
      handlers
        .handle("create", ({ payload }) =>
          Effect.gen(function* () {
            const id = yield* IdempotentId
            behaviour.ids.push(id)
            if (behaviour.gate !== null) yield* Deferred.await(behaviour.gate)
            if (payload.name === "absent")
              return yield* new NotFound(about("payload.name", "expected a name that is there"))
            if (payload.name === "broken") return yield* Effect.die(new Error("the secret of the database is 1234"))
            if (payload.name === "locked") {
              const sql = yield* SqlClient.SqlClient
              return yield* Effect.orDie(sql`SELECT nothing FROM nowhere`).pipe(Effect.as(undefined as never))
            }
            // What an answer must not be: the schema of the answer refuses it.
            const made = payload.name === "unfit" ? ("not a number" as never) : ++behaviour.made
            return { id: `t${made}`, name: payload.name, made, by: (yield* CurrentCaller).keyId }
          })
        )
        .handle("list", () => Effect.succeed([]))
        .handle("get", ({ params }) => Effect.succeed({ id: params.id, name: "n", made: 0, by: null }))
        .handle("both", ({ payload }) => Effect.succeed(payload))
        .handle("turn", ({ params }) => Effect.succeed({ id: params.id, name: "n", made: ++behaviour.made, by: null }))
    ),
    HttpApiBuilder.group(SampleApi, "health", (handlers) =>
      handlers.handle("live", () => Effect.succeed({ ok: true } as const))
    )
  )

/** A server that ends with the scope. */
export const serveSample = Effect.fnUntraced(function* (settings: SampleSettings = {}) {
  const { noKeyOnLoopback = false, ratePerSecond = null, maxBodyBytes = 10_000, waitMs = 60_000 } = settings
  const { engine = databases[0]!, database = yield* engine.database } = settings
  const behaviour: Behaviour = { made: 0, gate: null, ids: [], isDraining: false }
  const logged: Array<string> = []
  const logger = Logger.make(({ message, cause }) => void logged.push(`${String(message)} ${String(cause)}`))

  const processes = PostgresClient.isUrl(database.place) ? Processes.layerShared : Processes.layerAlone
  const tables = Layer.effectDiscard(Effect.all([migrate, migrateKeys, migrateIdempotency], { discard: true }))
  const store = Keys.layer.pipe(
    Layer.provideMerge(processes),
    Layer.provideMerge(tables),
    Layer.provideMerge(database.client)
  )
  const middlewares = Layer.mergeAll(
    authorizationLayer({ noKeyOnLoopback, ratePerSecond }),
    exchangeLayer({ maxBodyBytes, isDraining: () => behaviour.isDraining }),
    idempotencyLayer({ waitMs })
  )
  const app = Layer.mergeAll(
    HttpApiBuilder.layer(SampleApi).pipe(Layer.provide(routes(behaviour))),
    openApiLayer(SampleApi),
    frontDoorLayer(SampleApi, { maxBodyBytes, otherPaths: ["/openapi.json", "/docs"] })
  ).pipe(Layer.provide(middlewares))
  const server = HttpRouter.serve(app, { disableLogger: true, disableListenLog: true, routerConfig }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: 100 })
    ),
    Layer.provideMerge(store),
    Layer.provideMerge(Logger.layer([logger]))
  )
  const context = yield* Layer.build(server)
  const { address } = Context.get(context, HttpServer.HttpServer)
  const port = (address as { port: number }).port
  const keys = Context.get(context, Keys)
  const { key } = yield* keys.create({ name: "all" })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    key,
    keys,
    sql: Context.get(context, SqlClient.SqlClient),
    behaviour,
    logged,
    /** With the key that may do all, unless the headers say otherwise. */
    ask: (path: string, init: RequestInit = {}) => ask(`http://127.0.0.1:${port}${path}`, key, init)
  }
})

export type Sample = Effect.Success<ReturnType<typeof serveSample>>

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Null where the text is no JSON. */
  readonly json: any
}

const ask = (url: string, key: string, init: RequestInit): Effect.Effect<Answered> =>
  Effect.promise(async () => {
    const headers = { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string> | undefined) }
    const response = await fetch(url, { ...init, headers, signal: init.signal ?? AbortSignal.timeout(100_000) })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parsed(text) }
  })

/** A POST of JSON. */
export const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers }
})

const parsed = (text: string) => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
