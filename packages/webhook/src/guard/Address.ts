/** What kind of place an IP address is. */
import ipaddr from "ipaddr.js"

export interface Address {
  /** As one writes it: an IPv4 address inside of an IPv6 one comes out as IPv4. */
  readonly text: string
  readonly ip: ipaddr.IPv4 | ipaddr.IPv6
  /** Null where it is public. */
  readonly range: string | null
}

/** Null for what is no IP address. Takes brackets and zones, which change nothing. */
export const addressOf = (text: string): Address | null => {
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "")
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null
  const ip = ipaddr.process(inHex(bare))
  return { text: ip.toString(), ip, range: rangeOf(ip) }
}

/** ipaddr.js takes ::127.0.0.1 for the IPv4 address in it; to a connection it is another place. */
const inHex = (text: string) => {
  const url = `http://[${text}]/`
  return text.includes(":") && text.includes(".") && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : text
}

/** Whether one of the networks holds it. */
export const within = ({ ip }: Address, networks: ReadonlyArray<Network>): boolean =>
  networks.some((network) => network[0].kind() === ip.kind() && ip.match(network))

export type Network = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Throws an ordinary error for what is no network in CIDR form. A mapped IPv4 network is the IPv4 one. */
export const networkOf = (cidr: string): Network => {
  const [address, bits] = ipaddr.parseCIDR(cidr)
  if (address instanceof ipaddr.IPv4 && !ipaddr.IPv4.isValidFourPartDecimal(cidr.replace(/\/.*$/s, "")))
    throw new Error("an IPv4 network has four numbers")
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96)
    return [address.toIPv4Address(), bits - 96]
  return [address, bits]
}

/** ipaddr.js knows the special ranges; what it takes for public and is not stands below. */
const rangeOf = (ip: ipaddr.IPv4 | ipaddr.IPv6): string | null => {
  const own = denied.find(({ networks }) => within({ ip, text: "", range: null }, networks))
  if (own !== undefined) return own.range
  const range = ip.range()
  if (range !== "unicast") return range
  return ip instanceof ipaddr.IPv6 && !ip.match(allocated) ? "unallocated" : null
}

/** All public IPv6 addresses begin so; the rest is nobody's, until it is somebody's. */
const allocated = ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number]

const denied = [
  {
    // The clouds' own addresses that tell an instance's secrets: AWS, Azure, Oracle, Alibaba, Google.
    range: "metadata",
    networks: [
      "169.254.169.254/32",
      "169.254.170.2/32",
      "169.254.170.23/32",
      "168.63.129.16/32",
      "192.0.0.192/32",
      "100.100.100.200/32",
      "fd00:ec2::254/128",
      "fd00:ec2::23/128",
      "fd20:ce::254/128"
    ]
  },
  // ::1 and :: are in it too, and have names of their own.
  { range: "loopback", networks: ["::1/128"] },
  { range: "unspecified", networks: ["::/128"] },
  // An IPv4 address written the way that was given up: [::127.0.0.1].
  { range: "ipv4Compatible", networks: ["::/96"] }
].map(({ range, networks }) => ({ range, networks: networks.map(networkOf) }))
