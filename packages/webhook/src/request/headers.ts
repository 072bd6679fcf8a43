/** Headers that a config or an endpoint adds, and those that it may not. */

/** Why a header cannot be added to a request, in words; null where it can. Values are never repeated: they may be secret. */
export const headerProblem = (name: string, value: string): string | null => {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return `${JSON.stringify(name.slice(0, 60))} is no name of a header`
  if (reserved.has(name.toLowerCase())) return `the header ${name} is set by Tenterhook itself`
  if (typeof value !== "string" || /[^\t\x20-\x7e\x80-\xff]/.test(value))
    return `the value of the header ${name} has characters that no header may have`
  return null
}

/** The first problem of a set of headers. */
export const headersProblem = (headers: Readonly<Record<string, string>>): string | null => {
  for (const name in headers) {
    const problem = headerProblem(name, headers[name]!)
    if (problem !== null) return problem
  }
  return null
}

/** Headers as undici takes them fastest, names and values in turn: those given, and each default that is not given. */
export const headerList = (
  defaults: ReadonlyArray<string>,
  given: Readonly<Record<string, string>> | undefined
): Array<string> => {
  if (given === undefined) return [...defaults]
  const names = new Set<string>()
  const list: Array<string> = []
  for (const name in given) {
    names.add(name.toLowerCase())
    list.push(name, given[name]!)
  }
  for (let i = 0; i < defaults.length; i += 2) {
    if (!names.has(defaults[i]!)) list.push(defaults[i]!, defaults[i + 1]!)
  }
  return list
}

/** One header of an answer; lists are put together. */
export const headerText = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  value === undefined || typeof value === "string" ? value : value.join(", ")

/** What frames a request, says where it goes, or signs it. */
const reserved = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "webhook-id",
  "webhook-signature",
  "webhook-timestamp"
])
