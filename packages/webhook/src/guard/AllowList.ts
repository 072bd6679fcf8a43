/** What an operator lets requests reach beside public addresses. */
import { addressOf, type Network, networkOf } from "./Address.ts"

export interface AllowList {
  readonly networks: ReadonlyArray<Network>
  /** `host port` of each place. */
  readonly places: ReadonlySet<string>
}

/** Networks in CIDR form, and places as host:port. Throws for anything else, and says what was expected. */
export const readAllowList = (entries: ReadonlyArray<string>): AllowList => {
  const networks: Array<Network> = []
  const places = new Set<string>()
  for (const entry of entries) {
    if (entry.includes("/")) networks.push(readNetwork(entry))
    else places.add(readPlace(entry))
  }
  return { networks, places }
}

const readNetwork = (entry: string): Network => {
  try {
    return networkOf(entry)
  } catch {
    throw unreadable(entry)
  }
}

const readPlace = (entry: string): string => {
  const [, host, digits] = /^([^\s@?#\\:]+|\[[^\]\s]+\]):(\d{1,5})$/.exec(entry) ?? []
  const url = `http://${host}/`
  if (host === undefined || !URL.canParse(url) || Number(digits) < 1 || Number(digits) > 65_535) throw unreadable(entry)
  const name = new URL(url).hostname.replace(/\.$/, "")
  return `${addressOf(name)?.text ?? name} ${Number(digits)}`
}

const unreadable = (entry: string) =>
  new Error(
    `the allow-list has ${JSON.stringify(entry)}; expected a network such as "10.0.0.0/8", or a place such as "localhost:8080" or "[::1]:8080"`
  )
