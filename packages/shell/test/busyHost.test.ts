/** A host that is busy, or that the machine lets wait, finds a command over and all it said at the same time. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { action, run, shellLayer } from "./shell.ts"

it.layer(shellLayer({ drainMs: 20 }), { excludeTestServices: true })("a host that is busy", (it) => {
  it.effect("hears all that was said before the end", () =>
    Effect.gen(function* () {
      let busy = true
      const hold = () => {
        const until = performance.now() + 40
        while (performance.now() < until);
        if (busy) setImmediate(hold)
      }
      setImmediate(hold)
      const replies = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, n) => n),
        (n) => run(action(`echo said ${n}`)),
        { concurrency: 30 }
      ).pipe(Effect.ensuring(Effect.sync(() => (busy = false))))
      assert.deepStrictEqual(
        replies.map(({ output }) => output),
        replies.map((_, n) => `said ${n}\n`)
      )
    })
  )
})
