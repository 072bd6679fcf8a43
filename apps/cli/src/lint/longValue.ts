/** Values of any length in a variable or an argument of a gate that fails open: one that is too long opens the gate. */
import { classOf, ShellAction } from "@tenterhook/core"
import { Schema } from "effect"
import type { Rule } from "./Finding.ts"

export const longValue: Rule = ({ hook, set }) => {
  if (set.dialect !== "native" || hook.onFailure === "block" || !isShell(hook.action)) return []
  const decides = hook.events === "*" || hook.events.some((event) => ["gate", "loop"].includes(classOf(event)))
  if (!decides) return []
  const { run, env } = hook.action
  const places = [
    ...Object.entries(env.set).map(([name, text]) => [`its variable ${name}`, text] as const),
    ...("argv" in run ? run.argv.filter((word) => whole.test(word)).map((word) => ["an argument", word] as const) : [])
  ]
  return places.flatMap(([what, text]) => {
    const found = [...text.matchAll(path)].find(([, name]) => unbounded.test(name!))
    if (found === undefined) return []
    return [
      {
        text: `${what} holds ${found[0]}, and the system takes at most ${longestBytes} bytes there and no NUL character; the hook fails for a longer value, and the agent goes on. Read the value from stdin, or set onFailure: block`,
        about: found[0]
      }
    ]
  })
}

const isShell = Schema.is(ShellAction)
const path = /(?<!\$)\$\{([A-Za-z_][\w.-]*)\}/g
const whole = /^\$\{[^{}]*\}$/

/** What a model, a person or a tool writes. */
const unbounded =
  /^(?:tool\.input|tools|prompt|lastMessage|request|response|result|instructions|summary|message|title|error|reason|input|output|suggestions|extra)(?:\.|$)/

/** In bytes, with the name of a variable. */
const longestBytes = 128 * 1024 - 1
