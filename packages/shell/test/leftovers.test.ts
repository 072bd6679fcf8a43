import { assert, it } from "@effect/vitest"
import { CurrentExecution, type Execution } from "@tenterhook/core"
import { Effect, Exit, Scope } from "effect"
import {
  action,
  eventually,
  farTooLateMs,
  invocation,
  killAll,
  run,
  said,
  shell,
  shellLayer,
  timed,
  uniqueSleep,
  withArgument
} from "./shell.ts"

const withExecution = <A, E, R>(use: (execution: Execution) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.map(Scope.make(), (scope): Execution & { readonly scope: Scope.Closeable } => ({ id: "execution", scope })),
    use,
    ({ scope }, exit) => Scope.close(scope, exit)
  )

it.layer(shellLayer(), { excludeTestServices: true })("what a command leaves running", (it) => {
  const ways: ReadonlyArray<readonly [string, number, (hold: string) => string]> = [
    ["in the background", 1, (hold) => `sleep ${hold} & echo served`],
    ["two of them, silent", 2, (hold) => `sleep ${hold} >/dev/null 2>&1 & sleep ${hold} >/dev/null 2>&1 & echo served`],
    ["by nohup", 1, (hold) => `nohup sleep ${hold} >/dev/null 2>&1 & echo served`],
    ["as a daemon in its own session", 1, (hold) => `setsid sleep ${hold} </dev/null >/dev/null 2>&1 & echo served`],
    [
      "as an orphan of an orphan",
      1,
      (hold) => `(setsid sh -c 'sleep ${hold} & :' </dev/null >/dev/null 2>&1 &); sleep 0.2; echo served`
    ]
  ]
  for (const [name, count, line] of ways) {
    it.effect(`${name} is counted, never waited for, and let be`, () =>
      Effect.gen(function* () {
        const hold = uniqueSleep()
        const { value, ms } = yield* timed(run(action(line(hold))))
        assert.deepInclude(value, { status: 0, output: "served\n", leftRunning: count })
        assert.isBelow(ms, farTooLateMs)
        const alive = withArgument(hold)
        assert.strictEqual(alive.length, count)
        killAll(alive)
      })
    )

    it.effect(`${name} is ended right away where the hook says so`, () =>
      Effect.gen(function* () {
        const hold = uniqueSleep()
        const reply = yield* run(action(line(hold)), { linger: "end" })
        assert.deepInclude(reply, { status: 0, output: "served\n", leftRunning: count })
        assert.deepStrictEqual(withArgument(hold), [])
      })
    )

    it.effect(`${name} ends with the execution around it`, () =>
      Effect.gen(function* () {
        const hold = uniqueSleep()
        yield* withExecution((execution) =>
          Effect.gen(function* () {
            const reply = yield* run(action(line(hold))).pipe(Effect.provideService(CurrentExecution, execution))
            assert.strictEqual(reply.leftRunning, count)
            assert.strictEqual(withArgument(hold).length, count)
          })
        )
        assert.deepStrictEqual(withArgument(hold), [])
      })
    )
  }

  it.effect("is nothing for ordinary commands, though they had children", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 20; round++) {
        const { leftRunning } = yield* run(action("true & sleep 0.01; (exit 0); ls / | wc -l; wait"))
        assert.strictEqual(leftRunning, 0)
      }
    })
  )

  it.effect("is not what others left", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      yield* run(action(`setsid sleep ${hold} >/dev/null 2>&1 &`))
      assert.strictEqual((yield* run(action("echo clean"))).leftRunning, 0)
      assert.strictEqual(withArgument(hold).length, 1)
      killAll(withArgument(hold))
    })
  )

  it.effect("ends at once when the execution is over already", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const scope = yield* Scope.make()
      yield* Scope.close(scope, Exit.void)
      yield* run(action(`sleep ${hold} &`)).pipe(Effect.provideService(CurrentExecution, { id: "over", scope }))
      assert.deepStrictEqual(withArgument(hold), [])
    })
  )

  it.effect("ends with a stop that comes after the reply", () =>
    Effect.gen(function* () {
      const adapter = yield* shell
      const hold = uniqueSleep()
      const running = yield* adapter.start(invocation(action(`sleep ${hold} & echo served`)))
      const reply = yield* running.reply
      assert.deepStrictEqual(said(yield* running.stop("cancelled")), said(reply))
      assert.deepStrictEqual(withArgument(hold), [])
    })
  )

  it.effect("of a command that a signal ended is handled likewise", () =>
    Effect.gen(function* () {
      const hold = uniqueSleep()
      const reply = yield* run(action(`sleep ${hold} & kill -KILL $$`), { linger: "end" })
      assert.deepInclude(reply, { status: null, signal: "SIGKILL", leftRunning: 1 })
      assert.isTrue(yield* eventually(() => withArgument(hold).length === 0))
    })
  )
})
