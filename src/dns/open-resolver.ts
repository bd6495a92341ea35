import { getServers } from "node:dns"
import type { Clock } from "../base/clock.ts"
import type { DnsResolver } from "./resolver.ts"
import { createStubResolver, type DnsServer } from "./stub-resolver.ts"

/** The part of the configuration that is about the DNS. */
export interface DnsSettings {
  /** `address`, `address:port`, `[address]:port`; empty: the machine's. */
  readonly servers: readonly string[]
  readonly dnssec: boolean
}

/** One for a process: answers are remembered in it. */
export function openResolver({ servers, dnssec }: DnsSettings, clock: Clock): DnsResolver {
  const named = servers.length > 0 ? servers : getServers()
  return createStubResolver({ servers: (named.length > 0 ? named : ["127.0.0.1"]).map(serverOf), trustAuthenticData: dnssec, clock })
}

const dnsPort = 53

function serverOf(text: string): DnsServer {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(text)
  const plain = /^([\d.]+):(\d+)$/.exec(text)
  const [, address = text, port] = bracketed ?? plain ?? []
  return { address, port: port === undefined ? dnsPort : Number(port) }
}
