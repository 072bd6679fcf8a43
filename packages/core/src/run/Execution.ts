import { Context, type Scope } from "effect"

/** The stretch of work that surrounds a fire: an agent's whole run. What hooks leave running ends with its scope. */
export interface Execution {
  readonly id: string
  readonly scope: Scope.Scope
}

/** The execution around the fire in progress; null outside of one. Adapters hang what a hook leaves running on its scope. */
export const CurrentExecution = Context.Reference<Execution | null>("@tenterhook/core/run/CurrentExecution", {
  defaultValue: () => null
})
