/** How a connection is made: only to what the guard allows, and only to addresses that it saw. */
import { isIP } from "node:net"
// By its file, as in request/Client.ts.
import { buildConnector } from "undici/index.js"
import { bareHost, type Guard, type Place } from "./Guard.ts"
import { Refused } from "./Refusal.ts"

export interface ConnectorOptions {
  /** For the connection, with its TLS; the host's addresses have a limit of their own. */
  readonly timeoutMs: number
  /** More for TLS: a `ca` of one's own, client certificates. */
  readonly tls?: buildConnector.BuildOptions
  /** Makes the connection. Default: undici's. */
  readonly build?: typeof buildConnector
}

/**
 * Checks the host as it stands, all of its addresses, connects to those and no others, and checks where it ended up.
 * A lookup function alone would not do: it is never asked about a host that is an address.
 */
export const guardedConnector = (
  guard: Guard,
  { timeoutMs, tls, build = buildConnector }: ConnectorOptions
): buildConnector.connector => {
  const settings: buildConnector.BuildOptions = { ...tls, timeout: timeoutMs, allowH2: false, autoSelectFamily: true }
  const direct = build(settings)

  return (options, callback) => {
    const fail = (error: Error) => callback(error, null)
    const place = placeOf(options)
    const refused = guard.host(place)
    if (refused !== null) return queueMicrotask(() => fail(new Refused(refused)))

    const connected: buildConnector.Callback = (...result) => {
      const [error, socket] = result
      if (error !== null) return fail(error)
      const { remoteAddress } = socket
      if (remoteAddress === undefined) return fail(new Error("the connection ended as soon as it was made"))
      const elsewhere = guard.peer(place, remoteAddress)
      if (elsewhere === null) return callback(null, socket)
      socket.destroy()
      fail(new Refused(elsewhere))
    }
    if (isIP(place.host) !== 0) return direct(options, connected)

    guard.addresses(place).then((addresses) => {
      if ("reason" in addresses) return fail(new Refused(addresses))
      build({ ...settings, maxCachedSessions: 0, lookup: pinned(addresses) })(options, connected)
    }, fail)
  }
}

const placeOf = ({ hostname, port, protocol }: buildConnector.Options): Place => {
  const secure = protocol === "https:"
  return { host: bareHost(hostname), port: port === "" ? (secure ? 443 : 80) : Number(port), secure }
}

/** The addresses that were checked, in place of asking again: a second answer could be another. */
const pinned = (addresses: ReadonlyArray<string>) => {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host: string, options: { readonly all?: boolean | undefined }, found: (...answer: Array<any>) => void) =>
    options.all === true ? found(null, all) : found(null, all[0]!.address, all[0]!.family)
}
