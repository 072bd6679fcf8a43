/** Decides where requests may go, so that a URL that somebody else chose cannot reach what only this machine may. */
import { lookup } from "node:dns/promises"
import { type Address, addressOf, within } from "./Address.ts"
import { type AllowList, readAllowList } from "./AllowList.ts"
import { closedPorts } from "./closedPorts.ts"
import type { Refusal } from "./Refusal.ts"

export interface GuardOptions {
  /** Refuses http. Default: false. */
  readonly httpsOnly?: boolean
  /** The ports that may be used. Default: all but those of other protocols, as browsers do. */
  readonly ports?: ReadonlyArray<number>
  /** Lets requests into private networks (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7). Default: false. */
  readonly privateNetworks?: boolean
  /**
   * What may be reached beside public addresses, each as a network (`127.0.0.0/8`, `fd00::/8`) or as one place
   * (`localhost:8080`, `[::1]:8080`, `metrics.internal:80`). Loopback, link-local and metadata addresses are reached in
   * no other way. A place that is named here by its host name is trusted whatever that name resolves to.
   */
  readonly allow?: ReadonlyArray<string>
  /** All addresses of a host name; rejects or is empty where it has none. Default: the system's resolver. */
  readonly resolve?: Resolve
  /** How long a host's addresses may take. Default: 5 seconds. */
  readonly resolveTimeoutMs?: number
}

export type Resolve = (host: string) => Promise<ReadonlyArray<string>>

/** A URL that passed the literal check, in the parts a request is made of. */
export interface Target {
  /** Scheme, host and port. */
  readonly origin: string
  /** With its query, never empty. */
  readonly path: string
  /** In lower case, without brackets and trailing dot. */
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

export interface Guard {
  /** The whole verdict: the URL as it stands and every address that its host has now. For save, and before a test. */
  readonly check: (url: string) => Promise<Refusal | null>
  /** The URL as it stands. */
  readonly target: (url: string) => Target | Refusal
  /** A host and port as they stand. */
  readonly host: (place: Place) => Refusal | null
  /** The addresses of a host that is no address itself: all of them, if all may be reached. */
  readonly addresses: (place: Place) => Promise<ReadonlyArray<string> | Refusal>
  /** The address that a connection ended up at. */
  readonly peer: (place: Place, address: string) => Refusal | null
}

export type Place = Pick<Target, "host" | "port" | "secure">

/** Throws an ordinary error, which says what is wrong, for an allow-list that cannot be read. */
export const makeGuard = (options: GuardOptions = {}): Guard => {
  const allow = readAllowList(options.allow ?? [])
  const resolve = options.resolve ?? systemResolve

  const host = (place: Place): Refusal | null => {
    const { host: name, port, secure } = place
    if (isNamed(allow, place)) return null
    if (options.httpsOnly === true && !secure)
      return refusal("scheme", `${where(place)} is refused: only https is allowed`)
    if (!(options.ports === undefined ? !closedPorts.has(port) : options.ports.includes(port)))
      return refusal("port", `${where(place)} is refused: port ${port} is not allowed`)
    const address = addressOf(name)
    if (address !== null) return judge(address, place, `${name} is`)
    const standsFor = fixedNames.find(({ pattern }) => pattern.test(name))
    return standsFor === undefined ? null : judge(addressOf(standsFor.address)!, place, `${name} is`)
  }

  const judge = (address: Address, place: Place, subject: string): Refusal | null => {
    const { range } = address
    if (range === null || within(address, allow.networks)) return null
    if (isNamed(allow, { ...place, host: address.text })) return null
    if (options.privateNetworks === true && privateRanges.includes(range)) return null
    const mend = privateRanges.includes(range) ? `, or allow private networks as a whole` : ""
    return {
      reason: "address",
      range,
      message: `${where(place)} is refused: ${subject} ${rangeNames[range] ?? `not public (${range})`}; to allow it, add "${where(place)}" to the guard's allow-list${mend}`
    }
  }

  const target = (url: string): Target | Refusal => {
    const parsed = parse(url)
    if (parsed === null) return refusal("url", `${brief(url)} is refused: it is not a whole http or https address`)
    if (parsed.protocol !== "http:" && parsed.protocol !== "https:")
      return refusal("scheme", `${brief(parsed.protocol)} is refused: only http and https are allowed`)
    const secure = parsed.protocol === "https:"
    const port = parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port)
    const name = bareHost(parsed.hostname)
    if (name === "" || name.includes("..") || /^\.|\.$/.test(name))
      return refusal("url", `${brief(parsed.host)} is refused: it is no host`)
    const place = { host: name, port, secure }
    if (parsed.username !== "" || parsed.password !== "")
      return refusal(
        "userinfo",
        `${where(place)} is refused: a name or password in the address is not allowed; send it as a header`
      )
    return host(place) ?? { ...place, origin: parsed.origin, path: parsed.pathname + parsed.search }
  }

  const addresses = async (place: Place): Promise<ReadonlyArray<string> | Refusal> => {
    let answers: ReadonlyArray<string>
    try {
      answers = await inTime(resolve(place.host), options.resolveTimeoutMs ?? 5000)
    } catch (error) {
      return unresolved(place, codeOf(error))
    }
    if (answers.length === 0) return unresolved(place, "no address")
    if (isNamed(allow, place)) return answers
    for (const answer of answers.toSorted()) {
      const refused = judgeText(answer, place, `${place.host} resolves to ${answer}, which is`)
      if (refused !== null) return refused
    }
    return answers
  }

  const judgeText = (text: string, place: Place, subject: string): Refusal | null => {
    const address = addressOf(text)
    if (address !== null) return judge(address, place, subject)
    return { reason: "address", range: "unknown", message: `${where(place)} is refused: ${subject} no address` }
  }

  return {
    target,
    host,
    addresses,
    check: async (url) => {
      const found = target(url)
      if ("reason" in found) return found
      if (addressOf(found.host) !== null) return null
      const all = await addresses(found)
      return "reason" in all ? all : null
    },
    peer: (place, address) =>
      isNamed(allow, place)
        ? null
        : judgeText(address, place, `the connection to ${place.host} ended up at ${address}, which is`)
  }
}

/** What a URL, an option or undici calls a host, in the one form that is compared. */
export const bareHost = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")

const isNamed = (allow: AllowList, { host, port }: Place) =>
  allow.places.size > 0 && allow.places.has(`${host} ${port}`)

/** The parser drops tabs and line breaks and takes a backslash for a slash; who writes those means mischief. */
const parse = (url: string): URL | null =>
  typeof url !== "string" || url.length > longestUrl || /[\x00-\x20\x7f\\]/.test(url) || !URL.canParse(url)
    ? null
    : new URL(url)

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address)

/** A resolver that does not answer must not hold anybody up for ever. */
const inTime = <A>(answer: Promise<A>, timeoutMs: number): Promise<A> =>
  new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    answer.then(done, failed).finally(() => clearTimeout(timer))
  })

const refusal = (reason: Refusal["reason"], message: string): Refusal => ({ reason, message })

const unresolved = (place: Place, why: string) =>
  refusal("unresolved", `${where(place)} is not reachable: ${place.host} has no address now (${why})`)

const where = ({ host, port }: Place) => `${host.includes(":") ? `[${host}]` : host}:${port}`

/** Enough to recognise it: paths and queries may hold a secret, and credentials stand before an @. */
const brief = (text: unknown) => {
  const [shown = ""] =
    /^(?:[^/?#]*:\/\/)?[^/?#]*/.exec(
      String(text)
        .replace(/[^\x21-\x7e]/g, "?")
        .replace(/\/\/[^/]*@/, "//")
    ) ?? []
  return shown === "" ? "an address without a host" : shown.length > 60 ? `${shown.slice(0, 60)}…` : shown
}

const codeOf = (error: unknown) =>
  typeof error === "object" && error !== null && "code" in error
    ? String(error.code)
    : error instanceof Error
      ? error.message
      : String(error)

const privateRanges: ReadonlyArray<string> = ["private", "uniqueLocal", "carrierGradeNat"]

const rangeNames: Readonly<Record<string, string>> = {
  loopback: "a loopback address",
  private: "a private address",
  uniqueLocal: "a private address",
  carrierGradeNat: "a private address of a provider",
  linkLocal: "a link-local address",
  metadata: "a cloud's metadata service",
  unspecified: "the unspecified address, which means this machine",
  multicast: "a multicast address",
  broadcast: "the broadcast address"
}

/** Names that mean the same everywhere, whatever a resolver says or does not say of them. */
const fixedNames = [
  { pattern: /^(?:.*\.)?localhost$|^localhost\.localdomain$|^ip6-(?:localhost|loopback)$/, address: "127.0.0.1" },
  {
    pattern:
      /^metadata$|^metadata\.(?:google|goog|azure|oraclecloud)(?:\.internal)?$|^metadata\.(?:google|azure)\.com$|^instance-data(?:\.ec2)?(?:\.internal)?$/,
    address: "169.254.169.254"
  }
]

const longestUrl = 4096
