/** Which occurrences of its event a hook is for. Compiled once, when its config is loaded. */
import type { EventContext } from "../event/EventContext.ts"

export interface Matcher {
  /** The dotted path of the context value that is tested: `tool.name`, `source`. */
  readonly on: string
  /** As `explain` prints it: the pattern and its syntax. */
  readonly text: string
  /** `undefined` where the context has no such value. Pure, and never throws. */
  readonly test: (value: string | undefined) => Fit
  /** Only the canonical names in this list are narrowed by the matcher; elsewhere it always fits. Absent: all. */
  readonly only?: ReadonlyArray<string>
  /** The only values that can match, where they are known; the index uses them. */
  readonly literals?: ReadonlyArray<string>
}

/** A test on the whole context, beside the matcher. */
export interface Condition {
  readonly text: string
  readonly test: (context: EventContext) => Fit
}

/** Whether something fits; undefined where the test gave up, because it would take too long. Then the hook runs. */
export type Fit = boolean | undefined

/** The value at a dotted path of a context; numbers and booleans as text, anything else as JSON. */
export const valueAt = (context: EventContext, path: string): string | undefined => {
  if (path === "tool.name") return context.tool?.name
  let value: unknown = context
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  if (value === undefined || value === null) return undefined
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value)
}
