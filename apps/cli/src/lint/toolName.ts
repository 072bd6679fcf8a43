/** A tool by another product's name: canonical names are written otherwise, and compared with their case. */
import { canonicalTools } from "@tenterhook/core"
import type { Rule } from "./Finding.ts"

export const toolName: Rule = ({ hook, set }) => {
  const { matcher } = hook
  if (set.dialect !== "native" || matcher === undefined || matcher.on !== "tool.name") return []
  const found = Object.entries(canonicalTools).flatMap(([canonical, { elsewhere }]) => {
    if (matcher.test(canonical) !== false) return []
    const name = [...elsewhere, canonical.toUpperCase(), capitalized(canonical)].find(
      (one) => matcher.test(one) === true
    )
    return name === undefined ? [] : [{ name, canonical }]
  })
  return found.map(({ name, canonical }) => ({
    text: `its tool ${matcher.text} fits "${name}" and not "${canonical}", the canonical name; did you mean "${canonical}"?`,
    about: name
  }))
}

const capitalized = (name: string) => name.slice(0, 1).toUpperCase() + name.slice(1)
