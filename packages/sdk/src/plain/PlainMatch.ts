/** The `matches` of a plain hook. Where it throws, or answers neither true nor false, the hook runs and fails. */
import type { Condition, EventContext } from "@tenterhook/core"
import { show } from "@tenterhook/dialects"
import type { PlainHook } from "../PlainDialect.ts"
import { wordsOf } from "../plugins/thrown.ts"

/** What the hook's own test says, or why it cannot say. */
export const matchOf = ({ matches }: PlainHook, context: EventContext): boolean | { readonly wrong: string } => {
  if (matches === undefined) return true
  try {
    const answer: unknown = matches(context)
    if (typeof answer === "boolean") return answer
    return { wrong: `expected its matches to return true or false, got ${show(answer)}` }
  } catch (error) {
    return { wrong: `its matches failed: ${wordsOf(error)}` }
  }
}

/** The native condition of the hook, and its own test beside it. */
export const conditionOf = (hook: PlainHook, native: Condition | undefined): Condition | undefined =>
  hook.matches === undefined
    ? native
    : {
        text: native === undefined ? "its own test" : `${native.text} and its own test`,
        test: (context) => {
          const fits = native === undefined || native.test(context)
          return fits !== false && matchOf(hook, context) === false ? false : fits
        }
      }
