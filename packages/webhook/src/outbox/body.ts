/** What is sent of an announcement: the same bytes on each try. */
import type { DeliveryRules } from "./rules.ts"

export interface AnnouncedFact {
  readonly type: string
  /** JSON. */
  readonly data: string
  readonly announcedAt: number
}

export const bodyOf = (form: DeliveryRules["body"], { type, data, announcedAt }: AnnouncedFact): string => {
  const at = new Date(announcedAt).toISOString()
  if (form === "standard") return `{"type":${JSON.stringify(type)},"timestamp":"${at}","data":${data}}`
  // Source: Wacht, whose serializer puts keys in order, and whose timestamps are whole seconds.
  const sorted = JSON.stringify(inOrder(JSON.parse(data)))
  return `{"data":${sorted},"timestamp":"${at.slice(0, 19)}.000Z","type":${JSON.stringify(type)}}`
}

const inOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== "object" || value === null) return value
  const names = Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1))
  return Object.fromEntries(names.map((name) => [name, inOrder(value[name as never])]))
}
