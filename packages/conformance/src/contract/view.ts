/** Values as text: to be compared, and to be shown in a message. */

export const show = (value: unknown): string => {
  const text = view(value)
  return text.length <= 300 ? text : `${text.slice(0, 300)}…`
}

export const firstDifference = (a: string, b: string) => {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const from = Math.max(0, at - 40)
  return `"${a.slice(from, at + 60)}" and "${b.slice(from, at + 60)}"`
}

/** A value as text that two equal ones share; bytes as text, functions and what JSON lacks by name. */
export const view = (value: unknown): string => {
  const above: Array<unknown> = []
  return (
    JSON.stringify(value, function (this: unknown, _key, item: unknown) {
      if (item instanceof Uint8Array) return `bytes ${Buffer.from(item).toString("latin1")}`
      if (typeof item === "function") return `function ${item.name}`
      if (typeof item === "bigint" || typeof item === "symbol" || item === undefined) return String(item)
      if (typeof item === "number" && !Number.isFinite(item)) return String(item)
      if (typeof item !== "object" || item === null) return item
      while (above.length > 0 && above.at(-1) !== this) above.pop()
      if (above.includes(item)) return "(circle)"
      above.push(item)
      return item
    }) ?? "undefined"
  )
}
