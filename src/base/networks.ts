import { BlockList, isIP } from "node:net"

/** Whether an address is in one of some networks, given as `192.0.2.0/24`, `2001:db8::/32` or single addresses. An IPv4-mapped address is the IPv4 one. */
export function createNetworks(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    const family = isIP(address) === 6 ? "ipv6" : "ipv4"
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "")
    const version = isIP(plain)
    return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4")
  }
}
