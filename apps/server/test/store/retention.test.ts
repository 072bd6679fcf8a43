/** What is kept of executions once they have ended, also by the cluster. */
import { assert, describe, it } from "@effect/vitest"
import { databases } from "@tenterhook/testing-databases"
import { freePort } from "@tenterhook/testing-postgres"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DurableExecutions } from "../../src/execution/DurableExecutions.ts"
import { ExecutionSteps } from "../../src/execution/ExecutionSteps.ts"
import { migrateIdempotency } from "../../src/http/idempotency.ts"
import { fired, newExecution, storesOn } from "../../src/store/contract.ts"
import { Executions } from "../../src/store/Executions.ts"
import { Fires } from "../../src/store/Fires.ts"
import { retention } from "../../src/store/retention.ts"

const count = 20

describe.each(databases)("retention on $name", ({ name, database }) => {
  it.live("leaves nothing of what has ended, in the cluster's tables neither", () =>
    Effect.gen(function* () {
      const { client } = yield* database
      const isShared = name === "postgres"
      const runner = isShared ? { host: "127.0.0.1", port: yield* Effect.promise(freePort) } : undefined
      const kept = Layer.provideMerge(
        Layer.effectDiscard(migrateIdempotency),
        Layer.provideMerge(storesOn(client, isShared), client)
      )
      const server = retention({ recordDays: 0, settleMs: 500, settleEveryMs: 200 }).pipe(
        Layer.provideMerge(DurableExecutions.layer({}, runner)),
        Layer.provideMerge(steps),
        Layer.provideMerge(kept)
      )
      yield* Effect.provide(life, server)
      // Nor of a server that has ended.
      const runners = SqlClient.SqlClient.use((sql) => sql`SELECT address FROM cluster_runners`)
      if (isShared) assert.strictEqual((yield* Effect.provide(runners, client)).length, 0)
    })
  )
})

const life = Effect.gen(function* () {
  const executions = yield* Executions
  const durable = yield* DurableExecutions
  const sql = yield* SqlClient.SqlClient
  const rows = (table: string) =>
    Effect.map(sql<{ n: number | bigint }>`SELECT count(*) AS n FROM ${sql(table)}`, ([row]) => Number(row!.n))
  const until = Effect.fnUntraced(function* (holds: Effect.Effect<boolean, unknown>) {
    const since = performance.now()
    while (!(yield* holds)) {
      if (performance.now() - since > 60_000) return yield* Effect.die("it did not come to that within a minute")
      yield* Effect.sleep(50)
    }
  })
  const ids = Array.from({ length: count }, (_, n) => `ex_${n}`)
  yield* Effect.forEach(ids, (id) =>
    Effect.gen(function* () {
      yield* executions.create(yield* newExecution(id))
      yield* durable.begin(id)
    })
  )
  yield* until(Effect.map(executions.list({ status: "running", limit: 200 }), ({ data }) => data.length === count))
  // They go on, so all that the cluster needs for them is there.
  yield* Effect.sleep(1500)
  assert.strictEqual(yield* rows("cluster_messages"), count)
  yield* Effect.forEach(ids, (id) => Effect.andThen(executions.ending(id, { outcome: "success" }), durable.end(id)))
  const left = Effect.all([rows("cluster_messages"), rows("cluster_replies")])
  yield* until(Effect.map(left, ([messages, replies]) => messages + replies === 0))
})

/** As the server's, without hooks. */
const steps = Layer.effect(
  ExecutionSteps,
  Effect.gen(function* () {
    const executions = yield* Executions
    const fires = yield* Fires
    const step = (phase: "start" | "end") => (id: string) =>
      Effect.gen(function* () {
        if ((yield* executions.claim(id, phase)) !== "mine") return
        yield* fires.keep(fired(`fire_${phase}_${id}`, { executionId: id, phase }))
      }).pipe(Effect.orDie)
    return ExecutionSteps.of({
      start: step("start"),
      end: step("end"),
      expire: Effect.orDie(executions.expire),
      now: Effect.orDie(executions.now),
      unfinished: (before) => Effect.orDie(executions.unfinished(before))
    })
  })
)
