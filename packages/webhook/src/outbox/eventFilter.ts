/** Which types of announcement an endpoint gets. */

/** Exact types, beginnings (`agent.*`), or `*` for all. */
export type EventFilter = ReadonlyArray<string>

/** What is wrong with a filter, in words; null where it can be used. */
export const eventFilterProblem = (filter: EventFilter): string | null => {
  const wrong = filter.find((one) => !/^(?:\*|[\w-]+(?:\.[\w-]+)*(?:\.\*)?)$/.test(one))
  return wrong === undefined
    ? null
    : `expected a type such as "agent.started", a beginning such as "agent.*", or "*", got ${JSON.stringify(wrong)}`
}

/**
 * What concerns endpoints themselves (`endpoint.disabled`) goes only to those that name it: who asks for everything
 * means what happens in the product.
 */
export const matchesEvent = (filter: EventFilter, type: string): boolean =>
  filter.some((one) => {
    if (one === "*") return !type.startsWith(operational)
    return one.endsWith(".*") ? type.startsWith(one.slice(0, -1)) : one === type
  })

export const disabledType = "endpoint.disabled"
const operational = "endpoint."
