/** How a command gets its values. Source: errata, `env provides variable substitutions for the command string`. */

/** For the shell to expand: `$NAME` and `${NAME}` both work, and no value is read as shell. */
export const exported = (values: ReadonlyMap<string, string>): Record<string, string> => {
  const set: Record<string, string> = {}
  for (const [name, value] of values) {
    if (!name.includes("=") && !name.includes("\0"))
      Object.defineProperty(set, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return set
}

/** Upstream's way: `$NAME` in the text becomes the value, quoted or not. The longest name first; upstream's order is random. */
export const substituted = (command: string, values: ReadonlyMap<string, string>): string =>
  [...values]
    .toSorted(([a], [b]) => b.length - a.length || (a < b ? -1 : 1))
    .reduce((text, [name, value]) => text.split(`$${name}`).join(value), command)
