import { assert, describe, it } from "@effect/vitest"
import { PostgresClient } from "@tenterhook/postgres"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { type Database, databases, type Engine } from "@tenterhook/testing-databases"
import { freePort } from "@tenterhook/testing-postgres"
import { DurableExecutions, type DurableExecutionsOptions } from "../../src/execution/DurableExecutions.ts"
import * as Record from "./Record.ts"

describe.each(databases)("on $name", (engine) => {
  const withDatabase = withDatabaseOf(engine)

  describe.concurrent("an execution", () => {
    it.live("starts, waits for its end, and ends", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const life = yield* open(database)
          yield* life.begin("a")
          yield* life.until("a", ({ status }) => status === "running")
          yield* Effect.sleep(200)
          assert.strictEqual((yield* life.row("a")).status, "running")
          yield* life.end("a", "success")
          const row = yield* life.until("a", ({ status }) => status === "ended")
          assert.deepInclude(row, { outcome: "success", ...once })
        })
      )
    )

    it.live("is begun and ended once, however often that is said", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const life = yield* open(database)
          const many = { concurrency: "unbounded", discard: true } as const
          yield* Effect.forEach(Array.from({ length: 5 }), () => life.begin("a"), many)
          yield* Effect.forEach(Array.from({ length: 5 }), () => life.end("a", "success"), many)
          yield* life.until("a", ({ status }) => status === "ended")
          yield* life.begin("a")
          yield* life.end("a", "error")
          yield* Effect.sleep(500)
          assert.deepInclude(yield* life.row("a"), { status: "ended", outcome: "success", ...once })
        })
      )
    )

    it.live("that is ended while its start hooks run ends after them", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const order: Array<string> = []
          const life = yield* open(database, {
            during: (step) =>
              Effect.andThen(
                Effect.sleep(300),
                Effect.sync(() => order.push(step))
              )
          })
          yield* life.begin("a")
          yield* life.until("a", ({ starts }) => starts === 1)
          yield* life.end("a", "error")
          const row = yield* life.until("a", ({ status }) => status === "ended")
          assert.deepInclude(row, { outcome: "error", ...once })
          assert.deepStrictEqual(order, ["start", "end"])
        })
      )
    )

    it.live("whose lease runs out is aborted; one whose lease is extended is not", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const life = yield* open(database)
          yield* life.begin("kept", 6000)
          yield* life.begin("lost", 300)
          for (let n = 0; n < 8; n++) {
            yield* Effect.sleep(250)
            yield* life.extend("kept", 6000)
          }
          assert.strictEqual((yield* life.row("kept")).status, "running")
          const lost = yield* life.until("lost", ({ status }) => status === "ended")
          assert.deepInclude(lost, { outcome: "aborted", ...once })
          assert.deepInclude(yield* life.until("kept", ({ status }) => status === "ended"), {
            outcome: "aborted",
            ...once
          })
        })
      )
    )

    it.live("whose steps fail is tried again until they succeed", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const failures = { start: 0, end: 0 }
          const life = yield* open(database, {
            during: (step) => (failures[step]++ < 3 ? Effect.die(new Error("the disk is full")) : Effect.void)
          })
          yield* life.begin("a")
          yield* life.until("a", ({ status }) => status === "running")
          yield* life.end("a", "success")
          const row = yield* life.until("a", ({ status }) => status === "ended")
          assert.deepInclude(row, { starts: 4, started: 1, ends: 4, ended: 1 })
        })
      )
    )
  })

  describe.concurrent("a server that stops", () => {
    for (const phase of ["start", "end"] as const)
      it.live(`while the ${phase} hooks run leaves them to the next one`, () =>
        withDatabase((database) =>
          Effect.gen(function* () {
            const first = yield* open(database, {
              during: (step) => (step === phase ? Effect.sleep(600_000) : Effect.void)
            })
            yield* first.begin("a")
            if (phase === "end") {
              yield* first.until("a", ({ status }) => status === "running")
              yield* first.end("a", "success")
            }
            yield* first.until("a", ({ starts, ends }) => (phase === "start" ? starts : ends) === 1)
            assert.isBelow(yield* first.close, 60_000)

            const second = yield* open(database)
            const row = yield* second.until("a", ({ status }) => status === (phase === "start" ? "running" : "ended"))
            assert.deepInclude(
              row,
              phase === "start" ? { starts: 2, started: 1, ends: 0 } : { starts: 1, ends: 2, ended: 1 }
            )
            yield* second.end("a", "success")
            assert.deepInclude(yield* second.until("a", ({ status }) => status === "ended"), { started: 1, ended: 1 })
          })
        )
      )

    it.live("while executions wait leaves them waiting", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const first = yield* open(database)
          for (const id of ["a", "b", "lost"]) {
            yield* first.begin(id, id === "lost" ? 1000 : 60_000)
            yield* first.until(id, ({ status }) => status === "running")
          }
          assert.isBelow(yield* first.close, 60_000)

          yield* Effect.sleep(1000)
          const second = yield* open(database)
          yield* second.until("lost", ({ status }) => status === "ended")
          assert.deepInclude(yield* second.row("a"), { status: "running", starts: 1, ends: 0 })
          yield* second.end("a", "success")
          assert.deepInclude(yield* second.until("a", ({ status }) => status === "ended"), once)
          assert.deepInclude(yield* second.row("b"), { status: "running", starts: 1, ends: 0 })
        })
      )
    )

    it.live("before it told the cluster is made up for: at the next start, and while it runs", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const first = yield* open(database)
          yield* first.record("never begun")
          yield* first.begin("never ended")
          yield* first.until("never ended", ({ status }) => status === "running")
          yield* first.recordEnding("never ended", "success")
          yield* first.record("neither")
          yield* first.recordEnding("neither", "error")
          yield* first.close

          const second = yield* open(database, { reconcileMs: 200, settleMs: 400 })
          assert.deepInclude(yield* second.until("never begun", ({ status }) => status === "running"), {
            starts: 1
          })
          assert.deepInclude(yield* second.until("never ended", ({ status }) => status === "ended"), once)
          assert.deepInclude(yield* second.until("neither", ({ status }) => status === "ended"), once)
          yield* second.record("now")
          yield* second.until("now", ({ status }) => status === "running")
          yield* second.recordEnding("now", "success")
          assert.deepInclude(yield* second.until("now", ({ status }) => status === "ended"), once)
        })
      )
    )

    it.live("leaves many that end slowly, and they do not wait for one another", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const ids = Array.from({ length: 40 }, (_, n) => `slow ${n}`)
          const first = yield* open(database)
          for (const id of ids) {
            yield* first.record(id)
            yield* first.recordEnding(id, "success")
          }
          yield* first.close

          const since = performance.now()
          const during = (step: "start" | "end") => (step === "end" ? Effect.sleep(4000) : Effect.void)
          const second = yield* open(database, { reconcileMs: 500, during })
          for (const id of ids) assert.deepInclude(yield* second.until(id, ({ status }) => status === "ended"), once)
          assert.isBelow(performance.now() - since, 15_000)
        })
      )
    )

    it.live("and loses all that the cluster knew goes on from its records", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const first = yield* open(database)
          for (const id of ["waiting", "ending"]) {
            yield* first.begin(id)
            yield* first.until(id, ({ status }) => status === "running")
          }
          yield* first.recordEnding("ending", "success")
          yield* first.sql`DELETE FROM cluster_messages`
          yield* first.sql`DELETE FROM cluster_replies`
          yield* first.close

          const second = yield* open(database)
          assert.deepInclude(yield* second.until("ending", ({ status }) => status === "ended"), once)
          yield* second.end("waiting", "success")
          assert.deepInclude(yield* second.until("waiting", ({ status }) => status === "ended"), once)
        })
      )
    )
  })

  describe.runIf(engine.name === "postgres")("work that all of them share", () => {
    it.live("is done by one, and by another when that is gone", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const doing = new Set<string>()
          let most = 0
          const work = (name: string) =>
            Effect.gen(function* () {
              doing.add(name)
              most = Math.max(most, doing.size)
              return yield* Effect.never
            }).pipe(Effect.ensuring(Effect.sync(() => doing.delete(name))))
          const lives = yield* Effect.forEach(["one", "two", "three"], (name) =>
            Effect.gen(function* () {
              const life = yield* open(database)
              yield* life.inOne("work", work(name))
              return { name, close: life.close }
            })
          )
          const untilDone = Effect.gen(function* () {
            // Those that come and go share out anew what they do.
            yield* Effect.sleep(2500)
            const since = performance.now()
            while (doing.size === 0 && performance.now() - since < 60_000) yield* Effect.sleep(50)
            return [...doing]
          })
          const [first] = yield* untilDone
          yield* lives.find(({ name }) => name === first)!.close
          const [second] = yield* untilDone
          assert.notStrictEqual(second, first)
          assert.deepStrictEqual([doing.size, most], [1, 1])
        })
      )
    )
  })

  describe.concurrent("what the cluster keeps", () => {
    it.live("is the same for a long life as for a short one, and is gone once forgotten", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const life = yield* open(database)
          for (const id of ["a", "b"]) yield* life.begin(id, 20_000)
          for (let n = 0; n < 8; n++) {
            yield* Effect.sleep(200)
            for (const id of ["a", "b"]) yield* life.extend(id, 20_000)
          }
          for (const id of ["a", "b"]) yield* life.end(id, "success")
          for (const id of ["a", "b"]) yield* life.until(id, ({ status }) => status === "ended")
          yield* Effect.sleep(200)
          assert.deepStrictEqual(yield* life.kept, { messages: 4, replies: 4 })
          yield* life.forget(["a"])
          assert.deepStrictEqual(yield* life.kept, { messages: 2, replies: 2 })
          yield* life.forget(["b", "unknown"])
          assert.deepStrictEqual(yield* life.kept, { messages: 0, replies: 0 })
        })
      )
    )

    it.live("gives way to the record: a workflow that is over though its execution is not starts over", () =>
      withDatabase((database) =>
        Effect.gen(function* () {
          const first = yield* open(database)
          yield* first.begin("a")
          yield* first.end("a", "success")
          yield* first.until("a", ({ status }) => status === "ended")
          yield* Effect.sleep(200)
          yield* first.sql`UPDATE execution SET status = 'running'`
          yield* first.close

          const second = yield* open(database)
          yield* Effect.sleep(300)
          assert.deepInclude(yield* second.row("a"), { status: "running", starts: 1, ends: 1 })
          yield* second.end("a", "error")
          assert.deepInclude(yield* second.until("a", ({ status }) => status === "ended"), {
            ends: 2,
            ended: 2
          })
        })
      )
    )
  })
})

function withDatabaseOf({ database }: Engine) {
  return <A, E>(test: (database: Database) => Effect.Effect<A, E, Scope.Scope>) =>
    Effect.scoped(Effect.flatMap(database, test))
}

const once = { starts: 1, started: 1, ends: 1, ended: 1 }

/** A life of the server: closes with the test, or before. */
const open = Effect.fnUntraced(function* (
  database: Database,
  { during, ...options }: Record.RecordOptions & DurableExecutionsOptions = {}
) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const runner = PostgresClient.isUrl(database.place)
    ? { host: "127.0.0.1", port: yield* Effect.promise(freePort) }
    : undefined
  const layer = DurableExecutions.layer({ leaseCheckMs: 100, ...options }, runner).pipe(
    Layer.provide(Record.layer(during === undefined ? {} : { during })),
    Layer.provideMerge(database.client)
  )
  const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
  const executions = Context.get(context, DurableExecutions)
  const sql = Context.get(context, SqlClient.SqlClient)
  const inside = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient>) => Effect.provide(effect, context)
  const count = (table: string) =>
    Effect.map(sql<{ n: number | bigint }>`SELECT count(*) AS n FROM ${sql(table)}`, ([row]) => Number(row!.n))

  const until = Effect.fnUntraced(function* (id: string, is: (row: Record.Row) => boolean, withinMs = 60_000) {
    const since = performance.now()
    for (;;) {
      const row = yield* inside(Record.rowOf(id))
      if (is(row)) return row
      if (performance.now() - since > withinMs)
        return yield* Effect.die(
          `after ${withinMs} ms: ${JSON.stringify(row, (_, value) => (typeof value === "bigint" ? Number(value) : value))}`
        )
      yield* Effect.sleep(10)
    }
  })

  return {
    sql,
    begin: (id: string, leaseMs = 60_000) => inside(Effect.andThen(Record.insert(id, leaseMs), executions.begin(id))),
    end: (id: string, outcome: string) => inside(Effect.andThen(Record.setEnding(id, outcome), executions.end(id))),
    extend: (id: string, leaseMs: number) => inside(Record.extend(id, leaseMs)),
    forget: executions.forget,
    inOne: (name: string, work: Effect.Effect<never>) => Scope.provide(executions.inOne(name, work), scope),
    record: (id: string) => inside(Record.insert(id, 60_000)),
    recordEnding: (id: string, outcome: string) => inside(Record.setEnding(id, outcome)),
    row: (id: string) => inside(Record.rowOf(id)),
    kept: Effect.all({ messages: count("cluster_messages"), replies: count("cluster_replies") }),
    until,
    /** Gives how long closing took, in milliseconds. */
    close: Effect.gen(function* () {
      const since = performance.now()
      yield* Scope.close(scope, Exit.void)
      return performance.now() - since
    })
  }
})
