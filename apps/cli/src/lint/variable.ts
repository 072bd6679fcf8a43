/** Names in a config that nothing here gives a value. */
import { classOf, type Dialect, type Fire, type FireId, type Hook, type HookSet } from "@tenterhook/core"
import * as Effect from "effect/Effect"

/**
 * Asks the hook's dialect to fill in its action from this process's environment. `native` takes values from the event's
 * context, which is not known before the event.
 */
export const variableRemark = async (hook: Hook, set: HookSet): Promise<string | null> => {
  if (set.dialect === "native" || hook.events === "*" || hook.events.length === 0) return null
  const dialects: Record<string, unknown> = await import("@tenterhook/dialects")
  const dialect = dialects[set.dialect] as Dialect | undefined
  if (dialect === undefined) return null
  const [event] = hook.events
  const context = { cwd: process.cwd(), env: process.env as Readonly<Record<string, string>> }
  const fire: Fire = {
    fireId: "check" as FireId,
    event: { name: event!, class: classOf(event!) },
    context,
    mode: set.mode
  }
  return Effect.runPromise(
    Effect.match(dialect.encode(hook, fire), { onFailure: (error) => error.message, onSuccess: () => null })
  )
}
