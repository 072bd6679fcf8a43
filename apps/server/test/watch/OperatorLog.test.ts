import { assert, it } from "@effect/vitest"
import { PostgresClient } from "@tenterhook/postgres"
import { hasPostgres, startPostgres } from "@tenterhook/testing-postgres"
import { Cause, Effect, Layer } from "effect"
import { describe } from "vitest"
import { operatorLog } from "../../src/watch/OperatorLog.ts"

describe.runIf(hasPostgres())("what an operator is told once the database is back", () => {
  it.live("sums up what it may have caused, so that nothing is left out silently", () =>
    Effect.gen(function* () {
      const postgres = yield* Effect.acquireRelease(
        Effect.promise(() => startPostgres()),
        ({ stop }) => Effect.promise(stop)
      )
      const lines: Array<string> = []
      const log = operatorLog((text) => void lines.push(text), "db:5432", 2000)
      const until = (found: (line: string) => boolean) =>
        Effect.gen(function* () {
          for (let n = 0; n < 600 && !lines.some(found); n++) yield* Effect.sleep(50)
          assert.isTrue(lines.some(found), lines.join("\n"))
        })
      const trouble = (text: string) => Effect.logWarning(text, Cause.fail({ _tag: "SqlError", message: "broken" }))

      yield* Effect.gen(function* () {
        yield* Effect.promise(postgres.kill)
        yield* trouble("while it is away")
        yield* until((line) => line.includes("does not answer"))
        yield* Effect.promise(postgres.restart)
        yield* until((line) => line.includes("answers again"))
        yield* trouble("a delivery waits")
        yield* trouble("a lease is not renewed")
        yield* trouble("a lease is not renewed")
        yield* until((line) => line.startsWith("left out"))
      }).pipe(
        Effect.provide(log.watching.pipe(Layer.provideMerge(PostgresClient.layer({ url: postgres.url })))),
        Effect.provide(log.layer)
      )
      assert.strictEqual(lines.length, 3, lines.join("\n"))
      assert.match(
        lines[2]!,
        /^left out in the 2 s after the database was back, which may have caused it: 3 lines, the last of them: a lease is not renewed: /
      )
    }).pipe(Effect.scoped)
  )
})
