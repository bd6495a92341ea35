import { isIPv6 } from "node:net"

/** Where the PTR records of an IP address are (RFC 1035 §3.5, RFC 3596 §2.5). */
export const reverseName = (address: string): string => (isIPv6(address) ? `${[...sixteenOctets(address)].toReversed().flatMap((octet) => [octet & 15, octet >> 4]).map((nibble) => nibble.toString(16)).join(".")}.ip6.arpa` : `${address.split(".").toReversed().join(".")}.in-addr.arpa`)

/** Of an IPv6 address in any of its notations (RFC 4291 §2.2). */
function sixteenOctets(address: string): Uint8Array {
  // the last 32 bits may be written as IPv4; URL knows all notations and writes one
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]/`).hostname.slice(1, -1)
  const [head = "", tail] = canonical.split("::")
  const groups = (text: string): readonly string[] => (text === "" ? [] : text.split(":"))
  const [first, last] = [groups(head), groups(tail ?? "")]
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => "0"), ...last]
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
}
