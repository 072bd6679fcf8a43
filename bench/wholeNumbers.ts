/** The numbers of a campaign's command line, each with what it is where it is absent. */
import { parseArgs, type ParseArgsConfig } from "node:util"

/** Ends the program with 2 where one is unknown, no whole number, or below 1: but for a seed, which may be 0. */
export const wholeNumbers = <Defaults extends Readonly<Record<string, number>>>(
  defaults: Defaults
): Record<keyof Defaults, number> => {
  const given = Object.entries(defaults).map(
    ([name, number]) => [name, { type: "string", default: String(number) }] as const
  )
  const read = Object.entries(asked(Object.fromEntries(given))).map(([name, text]) => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= (name === "seed" ? 0 : 1)) return [name, number] as const
    return refuse(`--${name}: expected a whole number, got "${String(text)}"`)
  })
  return Object.fromEntries(read) as Record<keyof Defaults, number>
}

const asked = (options: NonNullable<ParseArgsConfig["options"]>) => {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const refuse = (why: string): never => {
  console.error(why)
  process.exit(2)
}

/** Another one each time; it is printed, so that a run can be had again. */
export const anySeed = (): number => Math.floor(Math.random() * 1_000_000)
