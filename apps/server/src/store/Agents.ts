/** Agents as they were saved, with Wacht's hooks object as it came. */
import { rowsOf, Whole } from "@tenterhook/sql"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Agent } from "../api/agents.ts"
import { about, type InvalidRequest, NotFound } from "../api/Problem.ts"
import { mintId } from "./Id.ts"
import { type Page, paged, type PageQuery, where } from "./page.ts"
import { type StoreError, stored } from "./StoreError.ts"

/** What a person gives, checked. Null clears a name or a description. */
export interface AgentChanges {
  readonly name?: string | null
  readonly description?: string | null
  readonly hooks?: Agent["hooks"]
}

export class Agents extends Context.Service<
  Agents,
  {
    readonly create: (settings: AgentChanges) => Effect.Effect<Agent, StoreError>
    readonly get: (id: string) => Effect.Effect<Agent, StoreError | NotFound>
    readonly list: (query: PageQuery) => Effect.Effect<Page<Agent>, StoreError | InvalidRequest>
    /** What is absent stays; hooks are replaced as a whole. */
    readonly update: (id: string, changes: AgentChanges) => Effect.Effect<Agent, StoreError | NotFound>
    readonly remove: (id: string) => Effect.Effect<void, StoreError | NotFound>
  }
>()("@tenterhook/server/store/Agents") {
  static readonly layer = Layer.effect(
    Agents,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const get = Effect.fn("Agents.get")(function* (id: string) {
        const [row] = yield* agentRows(sql`SELECT * FROM agent WHERE id = ${id}`)
        return row === undefined ? yield* noAgent(id) : agentOf(row)
      }, stored("read the agent"))

      const create = Effect.fn("Agents.create")(function* (settings: AgentChanges) {
        const now = yield* Clock.currentTimeMillis
        const id = yield* mintId("ag")
        const row = {
          id,
          name: settings.name ?? null,
          description: settings.description ?? null,
          hooks: JSON.stringify(settings.hooks ?? {}),
          created_at: now,
          updated_at: now
        }
        yield* sql`INSERT INTO agent ${sql.insert(row)} ON CONFLICT (id) DO NOTHING`
        const [saved] = yield* agentRows(sql`SELECT * FROM agent WHERE id = ${id}`)
        return agentOf(saved!)
      }, stored("save the agent"))

      const list = Effect.fn("Agents.list")((query: PageQuery) =>
        paged(
          query,
          (before, limit) =>
            agentRows(
              sql`SELECT * FROM agent ${where(sql, [before === null ? null : sql`seq < ${before}`])} ORDER BY seq DESC LIMIT ${limit}`
            ),
          agentOf
        ).pipe(stored("list the agents"))
      )

      const update = Effect.fn("Agents.update")(function* (id: string, changes: AgentChanges) {
        const set = {
          ...(changes.name === undefined ? {} : { name: changes.name }),
          ...(changes.description === undefined ? {} : { description: changes.description }),
          ...(changes.hooks === undefined ? {} : { hooks: JSON.stringify(changes.hooks) }),
          updated_at: yield* Clock.currentTimeMillis
        }
        const [row] = yield* agentRows(sql`UPDATE agent SET ${sql.update(set)} WHERE id = ${id} RETURNING *`)
        return row === undefined ? yield* noAgent(id) : agentOf(row)
      }, stored("save the agent"))

      const remove = Effect.fn("Agents.remove")(function* (id: string) {
        const rows = yield* sql`DELETE FROM agent WHERE id = ${id} RETURNING id`
        if (rows.length === 0) return yield* noAgent(id)
      }, stored("remove the agent"))

      return Agents.of({ create, get, list, update, remove })
    })
  )
}

const noAgent = (id: string) =>
  new NotFound(
    about("params.agent_id", `expected the id of an agent, got ${JSON.stringify(id)}, which there is none of`)
  )

const AgentRow = Schema.Struct({
  seq: Whole,
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  hooks: Schema.fromJsonString(
    Schema.Record(
      Schema.String,
      Schema.Array(Schema.Struct({ tool_name: Schema.String, args: Schema.Record(Schema.String, Schema.Unknown) }))
    )
  ),
  created_at: Whole,
  updated_at: Whole
})
const agentRows = rowsOf(AgentRow)

const agentOf = ({ id, name, description, hooks, created_at, updated_at }: typeof AgentRow.Type): Agent => ({
  id,
  name,
  description,
  hooks,
  created_at,
  updated_at
})
