import { BlockList, isIP } from "node:net"

/**
 * Which addresses a certificate may make us ask (`pki.revocation.allow`). An issuer that is trusted to name people is not thereby trusted
 * to send this server to any machine of its network: private addresses are asked only where an administrator wrote them down. Pure.
 */
export interface AllowedUrls {
  /** `listed`: may be on a private address. `public`: only if its name leads to public addresses. Undefined: not at all. */
  permits(url: string): { readonly url: URL; readonly kind: "listed" | "public" } | undefined
}

const maxUrlLength = 2_048
const anyPublic = "public"

/** `patterns`: "public", or beginnings of URLs whose host may begin with "*.". Throws on one that is neither. */
export function createAllowedUrls(patterns: readonly string[]): AllowedUrls {
  const allowsPublic = patterns.includes(anyPublic)
  const listed = patterns.filter((pattern) => pattern !== anyPublic).map(readUrl)
  return {
    permits(text) {
      const url = text.length <= maxUrlLength && URL.canParse(text) ? new URL(text) : undefined
      if (!url || !isFetched(url)) return undefined
      if (listed.some((pattern) => begins(url, pattern))) return { url, kind: "listed" }
      return allowsPublic && isPublicHost(url.hostname) ? { url, kind: "public" } : undefined
    },
  }
}

function readUrl(pattern: string): URL {
  const url = URL.canParse(pattern) ? new URL(pattern) : undefined
  if (!url || !isFetched(url)) throw new Error(`pki.revocation.allow: "${pattern}" is neither "public" nor the beginning of an http or https URL`)
  return url
}

const isFetched = ({ protocol, username, password }: URL): boolean => (protocol === "http:" || protocol === "https:") && username === "" && password === ""

function begins(url: URL, pattern: URL): boolean {
  const sameHost = pattern.hostname.startsWith("*.") ? url.hostname.endsWith(pattern.hostname.slice(1)) : url.hostname === pattern.hostname
  return sameHost && url.protocol === pattern.protocol && url.port === pattern.port && url.pathname.startsWith(pattern.pathname)
}

/** A name is looked up later, and its addresses are judged then. */
function isPublicHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, "")
  return isIP(address) === 0 || isPublicAddress(address)
}

const notPublic = new BlockList()
const ranges: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  // RFC 6890 §2.2.2: this network, private, shared, loopback, link-local, protocol assignments, documentation, benchmarks, multicast, reserved
  ["0.0.0.0", 8, "ipv4"], ["10.0.0.0", 8, "ipv4"], ["100.64.0.0", 10, "ipv4"], ["127.0.0.0", 8, "ipv4"], ["169.254.0.0", 16, "ipv4"], ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"], ["192.0.2.0", 24, "ipv4"], ["192.88.99.0", 24, "ipv4"], ["192.168.0.0", 16, "ipv4"], ["198.18.0.0", 15, "ipv4"], ["198.51.100.0", 24, "ipv4"], ["203.0.113.0", 24, "ipv4"], ["224.0.0.0", 3, "ipv4"],
  // RFC 6890 §2.2.3, RFC 9637, RFC 9602, and the ways to write an IPv4 address as an IPv6 one: translated (RFC 2765 §2.1, RFC 8215), 6to4, Teredo
  ["::", 96, "ipv6"], ["::ffff:0:0:0", 96, "ipv6"], ["3fff::", 20, "ipv6"], ["5f00::", 16, "ipv6"], ["64:ff9b::", 32, "ipv6"], ["100::", 64, "ipv6"], ["2001::", 23, "ipv6"], ["2001:db8::", 32, "ipv6"], ["2002::", 16, "ipv6"], ["fc00::", 7, "ipv6"], ["fe80::", 10, "ipv6"],
  ["fec0::", 10, "ipv6"], ["ff00::", 8, "ipv6"],
]
for (const [network, prefix, family] of ranges) notPublic.addSubnet(network, prefix, family)

/** Of an IP address; IPv4 ones mapped into IPv6 are judged as what they are. */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address)
  return family !== 0 && !notPublic.check(address, family === 6 ? "ipv6" : "ipv4")
}
