/** What hooks left running under an execution, ended when its scope closes. */
import type { Execution } from "@tenterhook/core"
import { Effect, Scope } from "effect"

const byExecution = new WeakMap<Execution, Array<() => Promise<void>>>()

/** Hangs it on the execution, whose scope must be open. */
export const leaveTo = (execution: Execution, end: () => Promise<void>): void => {
  const ends = byExecution.get(execution)
  if (ends !== undefined) {
    ends.push(end)
    return
  }
  const first = [end]
  byExecution.set(execution, first)
  Effect.runSync(
    Scope.addFinalizer(
      execution.scope,
      Effect.promise(() => Promise.all(first.map((it) => it())))
    )
  )
}
