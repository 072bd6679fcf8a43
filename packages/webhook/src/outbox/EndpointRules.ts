/** Rules of one endpoint: what differs from its mode's, kept with it. */
import { Schema } from "effect"
import { inspect } from "node:util"
import type { DeliveryRules } from "./rules.ts"

const longestMs = 30 * 86_400_000
const longestTryMs = 600_000

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const fields = {
  attempts: between(1, 1000),
  delaysMs: Schema.Array(between(1, longestMs)).check(Schema.isBetweenLength(1, 100)),
  jitter: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  windowMs: Schema.NullOr(between(1, 366 * 86_400_000)),
  retries: Schema.Literals(["any", "transient"]),
  timeoutMs: between(1, longestTryMs)
} satisfies { readonly [K in keyof DeliveryRules]?: Schema.Schema<DeliveryRules[K]> }

const expected: Readonly<Record<keyof typeof fields, string>> = {
  attempts: "a whole number from 1 to 1000",
  delaysMs: `1 to 100 whole numbers from 1 to ${longestMs}`,
  jitter: "a number from 0 to 1",
  windowMs: `a whole number from 1 to ${366 * 86_400_000}, or null`,
  retries: `"any" or "transient"`,
  timeoutMs: `a whole number from 1 to ${longestTryMs}`
}

/** Those of the rules that a person may want to set for one receiver; what is absent is the mode's. */
export const EndpointRules = Schema.Struct({
  attempts: Schema.optionalKey(fields.attempts),
  delaysMs: Schema.optionalKey(fields.delaysMs),
  jitter: Schema.optionalKey(fields.jitter),
  windowMs: Schema.optionalKey(fields.windowMs),
  retries: Schema.optionalKey(fields.retries),
  timeoutMs: Schema.optionalKey(fields.timeoutMs)
})
export type EndpointRules = typeof EndpointRules.Type

/** Begins with the field. Null: they can be saved. */
export const rulesProblem = (rules: unknown): string | null => {
  const known = Object.keys(fields).join(", ")
  if (typeof rules !== "object" || rules === null || Array.isArray(rules))
    return `rules: expected an object of ${known}, got ${shown(rules)}`
  for (const [name, value] of Object.entries(rules)) {
    if (!isField(name)) return `rules.${name}: expected one of ${known}, got ${JSON.stringify(name)}`
    if (!Schema.is(fields[name])(value)) return `rules.${name}: expected ${expected[name]}, got ${shown(value)}`
  }
  return null
}

const isField = (name: string): name is keyof typeof fields => Object.hasOwn(fields, name)

const shown = (value: unknown) =>
  inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 10, maxStringLength: 100 })
