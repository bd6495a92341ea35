import { isIP } from "node:net"
import { networkInterfaces } from "node:os"

/** True for this machine's own addresses, loopback and the unspecified address: mail sent there would come back to us. */
export function ownAddresses(): (address: string) => boolean {
  return (address) => {
    if (isIP(address) === 0) return false
    const plain = address.replace(/^::ffff:/i, "").toLowerCase()
    if (plain.startsWith("127.") || plain === "::1" || plain === "0.0.0.0" || plain === "::") return true
    return Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address.toLowerCase() === plain))
  }
}
