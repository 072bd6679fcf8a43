import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
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

const settled = (ms: number) => Effect.promise(() => new Promise((done) => setTimeout(done, ms)))

/** Starts it, waits until that many of its processes sleep, and hands both on. */
const started = Effect.fnUntraced(function* (line: (hold: string) => string, processes = 1) {
  const adapter = yield* shell
  const hold = uniqueSleep()
  const running = yield* adapter.start(invocation(action(line(hold))))
  assert.isTrue(yield* eventually(() => withArgument(`sleep\0${hold}`).length >= processes))
  return { running, alive: () => withArgument(hold) }
})

it.layer(shellLayer(), { excludeTestServices: true })("stopping a command", (it) => {
  it.effect("ends it at once, and keeps what it had said", () =>
    Effect.gen(function* () {
      const { running, alive } = yield* started((hold) => `echo half; echo side >&2; sleep ${hold}; echo never`)
      const { value, ms } = yield* timed(running.stop("timeout"))
      assert.deepInclude(said(value), {
        status: null,
        signal: "SIGTERM",
        output: "half\n",
        diagnostics: "side\n",
        leftRunning: 0
      })
      assert.deepStrictEqual(alive(), [])
      assert.isBelow(ms, farTooLateMs)
    })
  )

  it.effect("lets it say goodbye", () =>
    Effect.gen(function* () {
      const { running } = yield* started((hold) => `trap 'echo bye; exit 3' TERM; sleep ${hold} & wait`)
      assert.deepInclude(said(yield* running.stop("cancelled")), { status: 3, signal: null, output: "bye\n" })
    })
  )

  it.effect("kills what ignores TERM, after the grace", () =>
    Effect.gen(function* () {
      const { running, alive } = yield* started((hold) => `trap '' TERM; sleep ${hold}; sleep ${hold}`)
      const { value, ms } = yield* timed(running.stop("timeout"))
      assert.strictEqual(value.signal, "SIGKILL")
      assert.deepStrictEqual(alive(), [])
      assert.isAtLeast(ms, 490)
      assert.isBelow(ms, farTooLateMs)
    })
  )

  const trees: ReadonlyArray<readonly [string, number, (hold: string) => string]> = [
    ["grandchildren", 1, (hold) => `sh -c 'sh -c "sleep ${hold}; :"; :'; :`],
    ["children in their own session", 2, (hold) => `setsid sleep ${hold} & sleep ${hold}`],
    ["orphans in their own session", 2, (hold) => `(setsid sleep ${hold} >/dev/null 2>&1 &); sleep ${hold}`],
    ["children without the environment", 2, (hold) => `env -i /bin/sleep ${hold} & sleep ${hold}`],
    ["children in their own session without the environment", 1, (hold) => `setsid env -i /bin/sleep ${hold} & wait`],
    ["the stopped", 1, (hold) => `sleep ${hold} & kill -STOP $$; wait`],
    ["what is born of TERM", 1, (hold) => `trap 'setsid sleep ${hold} & sleep ${hold}' TERM; sleep ${hold} & wait`]
  ]
  for (const [name, processes, line] of trees) {
    it.effect(`ends ${name}`, () =>
      Effect.gen(function* () {
        const { running, alive } = yield* started(line, processes)
        yield* running.stop("timeout")
        assert.deepStrictEqual(alive(), [])
      })
    )
  }

  it.effect("spares other commands of the same fire, and what they left", () =>
    Effect.gen(function* () {
      const adapter = yield* shell
      const [left, hold] = [uniqueSleep(), uniqueSleep()]
      const leaving = invocation(action(`setsid sleep ${left} >/dev/null 2>&1 & echo left`))
      yield* Effect.scoped(Effect.flatMap(adapter.start(leaving), ({ reply }) => reply))
      const sibling = yield* adapter.start({ ...leaving, action: action(`sleep ${hold}`) })
      const late = yield* adapter.start({ ...leaving, action: action("setsid sleep 77 & sleep 77") })
      assert.isTrue(yield* eventually(() => withArgument(hold).length > 0))
      yield* late.stop("timeout")
      assert.strictEqual(withArgument(left).length, 1)
      assert.isAtLeast(withArgument(hold).length, 1)
      yield* sibling.stop("cancelled")
      killAll(withArgument(left))
    })
  )

  it.effect("twice is once, and after the end changes nothing", () =>
    Effect.gen(function* () {
      const { running } = yield* started((hold) => `echo half; sleep ${hold}`)
      const [first, second, reply] = yield* Effect.all(
        [running.stop("timeout"), running.stop("cancelled"), running.reply],
        { concurrency: 3 }
      )
      assert.deepStrictEqual(second, first)
      assert.deepStrictEqual(reply, first)
      const adapter = yield* shell
      const ended = yield* adapter.start(invocation(action("echo done; exit 2")))
      const before = yield* ended.reply
      assert.strictEqual(yield* ended.stop("timeout"), before)
    })
  )

  it.effect("is done by closing the scope", () =>
    Effect.gen(function* () {
      const { alive } = yield* Effect.scoped(started((hold) => `sleep ${hold} & setsid sleep ${hold} & wait`, 2))
      assert.deepStrictEqual(alive(), [])
    })
  )

  it.effect(
    "and by interrupting whoever waits, at any moment",
    () =>
      Effect.gen(function* () {
        const adapter = yield* shell
        const hold = uniqueSleep()
        for (let round = 0; round < 40; round++) {
          const line =
            round % 4 === 0 ? `trap '' TERM; sleep ${hold}; sleep ${hold}` : `setsid sleep ${hold} & sleep ${hold}`
          const waiting = Effect.scoped(Effect.flatMap(adapter.start(invocation(action(line))), ({ reply }) => reply))
          const fiber = yield* Effect.forkChild(waiting)
          if (round > 2) yield* settled((round * 7) % 20)
          const exit = yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
          assert.isTrue(Exit.isFailure(exit))
        }
        assert.deepStrictEqual(withArgument(hold), [])
      }),
    60_000
  )

  it.effect("of a command that exits meanwhile tells how it exited", () =>
    Effect.gen(function* () {
      const adapter = yield* shell
      for (let round = 0; round < 20; round++) {
        const running = yield* adapter.start(invocation(action("echo out; exit 5")))
        yield* settled(round / 4)
        const reply = said(yield* running.stop("timeout"))
        const byItself = reply.status === 5 && reply.output === "out\n"
        assert.isTrue(byItself || reply.signal === "SIGTERM", JSON.stringify(reply))
      }
    })
  )

  it.effect("does not run anything when its scope is closed already", () =>
    Effect.gen(function* () {
      const adapter = yield* shell
      const hold = uniqueSleep()
      const scope = yield* Scope.make()
      yield* Scope.close(scope, Exit.void)
      yield* Effect.exit(Scope.provide(adapter.start(invocation(action(`sleep ${hold}`))), scope))
      assert.deepStrictEqual(withArgument(hold), [])
    })
  )
})

it.layer(shellLayer({ graceMs: 5000 }), { excludeTestServices: true })("with a grace of 5 s", (it) => {
  it.effect("the stubborn end later", () =>
    Effect.gen(function* () {
      const { running } = yield* started((hold) => `trap '' TERM; sleep ${hold}; sleep ${hold}`)
      assert.isAtLeast((yield* timed(running.stop("timeout"))).ms, 4990)
    })
  )
})

it.layer(shellLayer({ graceMs: 50 }), { excludeTestServices: true })("with a grace of 50 ms", (it) => {
  it.effect("a late reply is not lost", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(action("sleep 0.2; echo late"))).output, "late\n")
    })
  )
})
