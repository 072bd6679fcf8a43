/** The MCP servers that an operator or an integrator named, as their configs were given. */
import { rowsOf } from "@tenterhook/sql"
import { parseServers, ToolsError } from "@tenterhook/tool-call"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { about, NotFound, Unacceptable } from "../api/Problem.ts"
import { type StoreError, stored } from "./StoreError.ts"

export type ServerConfig = Readonly<Record<string, unknown>>
export type ServersByName = Readonly<Record<string, ServerConfig>>

export class ToolServers extends Context.Service<
  ToolServers,
  {
    /** By name. What is remembered here is at most a second old. */
    readonly all: Effect.Effect<ServersByName, StoreError>
    readonly replace: (servers: ServersByName) => Effect.Effect<void, StoreError | Unacceptable>
    readonly put: (name: string, config: ServerConfig) => Effect.Effect<void, StoreError | Unacceptable>
    readonly remove: (name: string) => Effect.Effect<void, StoreError | NotFound>
  }
>()("@tenterhook/server/store/ToolServers") {
  static readonly layer = Layer.effect(
    ToolServers,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const read = serverRows(sql`SELECT name, config FROM tool_server ORDER BY name`).pipe(
        Effect.map((rows) => Object.fromEntries(rows.map(({ name, config }) => [name, config]))),
        stored("read the tool servers")
      )
      const [remembered, forget] = yield* Effect.cachedInvalidateWithTTL(read, "1 second")

      const write = Effect.fnUntraced(function* (servers: ServersByName) {
        const updated_at = yield* Clock.currentTimeMillis
        for (const [name, config] of Object.entries(servers)) {
          const row = { name, config: JSON.stringify(config), updated_at }
          yield* sql`INSERT INTO tool_server ${sql.insert(row)}
            ON CONFLICT (name) DO UPDATE SET config = excluded.config, updated_at = excluded.updated_at`
        }
      })

      const replace = Effect.fn("ToolServers.replace")(function* (servers: ServersByName) {
        yield* check(servers, (name) => `payload.mcpServers.${name}`)
        yield* sql.withTransaction(Effect.andThen(sql`DELETE FROM tool_server`, write(servers)))
        yield* forget
      }, stored("save the tool servers"))

      const put = Effect.fn("ToolServers.put")(function* (name: string, config: ServerConfig) {
        yield* check({ [name]: config }, () => "payload")
        yield* write({ [name]: config })
        yield* forget
      }, stored("save the tool server"))

      const remove = Effect.fn("ToolServers.remove")(function* (name: string) {
        const rows = yield* sql`DELETE FROM tool_server WHERE name = ${name} RETURNING name`
        yield* forget
        if (rows.length > 0) return
        return yield* new NotFound(
          about(
            "params.name",
            `expected the name of a tool server, got ${JSON.stringify(name)}, which there is none of`
          )
        )
      }, stored("remove the tool server"))

      return ToolServers.of({ all: remembered, replace, put, remove })
    })
  )
}

/** As it will be when they are used: the environment may differ by then. `place` is where the request has a server. */
const check = (servers: ServersByName, place: (name: string) => string) =>
  Effect.try({
    try: () => parseServers({ mcpServers: servers }, { source: "payload" }),
    catch: (error) => {
      if (!(error instanceof ToolsError)) throw error
      const errors = error.problems.map((message) => {
        const name = Object.keys(servers).find((one) => message.startsWith(`mcpServers.${one}`))
        if (name === undefined) return { field: "payload", message }
        const inside = /^\.[\w.]+/.exec(message.slice(`mcpServers.${name}`.length))?.[0] ?? ""
        return { field: place(name) + inside, message }
      })
      return new Unacceptable({ detail: error.problems.join("; "), errors })
    }
  })

const serverRows = rowsOf(
  Schema.Struct({
    name: Schema.String,
    config: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
  })
)
