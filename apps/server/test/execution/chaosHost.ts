/** The process that is killed: begins and ends what its parent says, and runs the steps on a database file. */
import { SqliteClient } from "@tenterhook/sqlite"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DurableExecutions } from "../../src/execution/DurableExecutions.ts"
import * as Record from "./Record.ts"

export interface Order {
  readonly begin?: { readonly id: string; readonly leaseMs: number }
  readonly end?: { readonly id: string; readonly outcome: string }
}

const program = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const executions = yield* DurableExecutions
  const run = Effect.runPromiseWith(yield* Effect.context<SqlClient.SqlClient>())
  const obey = ({ begin, end }: Order) =>
    begin !== undefined
      ? Effect.andThen(Record.insert(begin.id, begin.leaseMs), executions.begin(begin.id))
      : Effect.andThen(Record.setEnding(end!.id, end!.outcome), executions.end(end!.id))
  process.on("message", (order: Order) => {
    run(obey(order)).then(
      () => process.send!({ done: order }),
      (error: unknown) => console.error(String(error))
    )
  })
  process.send!({ ready: true })
  const since = performance.now()
  const open = () => sql<{ id: string }>`SELECT id FROM execution WHERE status IN ('starting', 'ending')`
  const left = new Set((yield* open()).map(({ id }) => id))
  const count = left.size
  while (left.size > 0) {
    yield* Effect.sleep(5)
    const still = new Set((yield* open()).map(({ id }) => id))
    for (const id of left) if (!still.has(id)) left.delete(id)
  }
  process.send!({ resumed: count, ms: performance.now() - since })
  yield* Effect.never
})

const layer = DurableExecutions.layer({ leaseCheckMs: 250, reconcileMs: 500, settleMs: 1000 }).pipe(
  Layer.provide(Record.layer({ during: () => Effect.suspend(() => Effect.sleep(Math.random() * 100)) })),
  Layer.provideMerge(SqliteClient.layer({ filename: process.argv[2]! }))
)
process.on("disconnect", () => process.exit(0))
await Effect.runPromise(Effect.provide(program, layer))
