/** How many connections there are, in all and from each client address; shared by the listeners that count together. */
export interface ConnectionGate {
  /** Counts a connection in, or says why not. A connection that was let in must `leave`. */
  enter(address: string): "ok" | "full" | "tooManyFromAddress"
  leave(address: string): void
}

export interface ConnectionLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** A proxy brings many clients under its own address. */
  readonly proxies: readonly string[]
}

/** The IPv4 address inside an IPv4-mapped one, as a dual-stack listener reports it. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:/i, "")

export function createConnectionGate({ maxConnections, maxConnectionsPerAddress, proxies }: ConnectionLimits): ConnectionGate {
  const perAddress = new Map<string, number>()
  const exempt = new Set(proxies.map(plainAddress))
  let all = 0
  return {
    enter(address) {
      if (all >= maxConnections) return "full"
      const open = perAddress.get(address) ?? 0
      if (open >= maxConnectionsPerAddress && !exempt.has(address)) return "tooManyFromAddress"
      all++
      perAddress.set(address, open + 1)
      return "ok"
    },
    leave(address) {
      const open = perAddress.get(address) ?? 0
      all--
      if (open > 1) perAddress.set(address, open - 1)
      else perAddress.delete(address)
    },
  }
}
