/** `${NAME}` that has no value here. */
import type { Rule } from "./Finding.ts"

export const unknownName: Rule = ({ hook, trial }) => {
  // What its dialect says of a name that it looked for in vain.
  if (trial._tag === "refused") return [trial.text]
  if (trial._tag !== "command" || !("argv" in trial.action.run)) return []
  const { argv } = trial.action.run
  if (argv.some((word) => /^-\w*c$|^-e$|^--eval$/.test(word))) return []
  const names = new Set(argv.flatMap((word) => [...word.matchAll(/\$\{([A-Za-z_][\w.]*)\}/g)].map(([, name]) => name!)))
  return [...names].map(
    (name) => `\${${name}} is not filled in: the command of ${hook.nativeEvent} gets it as it stands`
  )
}
