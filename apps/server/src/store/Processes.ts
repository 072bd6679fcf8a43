/** Which processes share the database: what one of them has taken is free again when it no longer lives. */
import { Context, Effect, Layer, Schedule } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { randomUUID } from "node:crypto"
import { nowIn } from "./time.ts"

export class Processes extends Context.Service<
  Processes,
  {
    /** Names this process. */
    readonly me: string
    /**
     * A condition on a column that holds such a name, or null: nobody else who lives has it, and this process was heard
     * of lately, so that nobody takes what it claims from it within `claimedMs`.
     */
    readonly free: (column: string) => Statement.Fragment
    /** A condition on such a column: what was claimed is still this process's. */
    readonly mine: (column: string) => Statement.Fragment
    /** Whether there may be others. */
    readonly shared: boolean
  }
>()("@tenterhook/server/store/Processes") {
  /** Nobody else has the database: all other names are of processes that are gone. */
  static readonly layerAlone = Layer.effect(
    Processes,
    Effect.map(SqlClient.SqlClient, (sql) =>
      Processes.of({
        me: randomUUID(),
        free: () => sql.literal("1 = 1"),
        mine: () => sql.literal("1 = 1"),
        shared: false
      })
    )
  )

  /** Says every two seconds that it lives, by the clock of the database. Who has not for ten seconds is gone. */
  static readonly layerShared: Layer.Layer<Processes, SqlError.SqlError, SqlClient.SqlClient> = Layer.effect(
    Processes,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const now = yield* nowIn(sql)
      const me = randomUUID()
      const live = sql`INSERT INTO server_process (id, alive_at) VALUES (${me}, ${now})
        ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at`
      const bury = sql`DELETE FROM server_process WHERE alive_at < ${now} - ${aDayMs}`
      yield* Effect.andThen(live, bury)
      yield* Effect.addFinalizer(() => Effect.ignore(sql`DELETE FROM server_process WHERE id = ${me}`))
      yield* live.pipe(
        Effect.catchCause((cause) => Effect.logWarning("The database does not hear that this server lives", cause)),
        Effect.repeat(Schedule.spaced("2 seconds")),
        Effect.forkScoped
      )
      return Processes.of({
        me,
        free: (column) => sql`(${sql(column)} IS NULL OR ${sql(column)} = ${me} OR NOT EXISTS (
          SELECT 1 FROM server_process p WHERE p.id = ${sql(column)} AND p.alive_at > ${now} - ${goneMs})) AND EXISTS (
          SELECT 1 FROM server_process p WHERE p.id = ${me} AND p.alive_at > ${now} - ${goneMs - claimedMs})`,
        mine: (column) => sql`${sql(column)} = ${me}`,
        shared: true
      })
    })
  )
}

/** For so long nobody else takes what this process has claimed, even if nothing is heard of it from then on. */
export const claimedMs = 5000
const goneMs = 10_000
const aDayMs = 86_400_000
