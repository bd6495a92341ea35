import { isValidMailbox, splitAddress } from "../../mail/address.ts"

/** Who asks for a set-up, and for which of our domains. Only the domain is ever looked at: whether an address exists is nobody's to learn here. */
export interface SetupQuestion {
  /** Undefined when the client sent none. */
  readonly address: string | undefined
  /** The Host header. */
  readonly host: string
}

/** The domain of the address; without an address that of the host, which is `autoconfig.DOMAIN` or DOMAIN itself. Undefined when it is none of ours. */
export function askedDomain({ address, host }: SetupQuestion, isLocalDomain: (domain: string) => boolean): string | undefined {
  if (address !== undefined) return ourDomain(isValidMailbox(address) ? splitAddress(address)?.domain : undefined, isLocalDomain)
  const name = /^([a-z0-9.-]{1,253}?)\.?(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
  return ourDomain(/^autoconfig\.(.+)$/.exec(name ?? "")?.[1], isLocalDomain) ?? ourDomain(name, isLocalDomain)
}

const ourDomain = (domain: string | undefined, isLocalDomain: (domain: string) => boolean): string | undefined => (domain !== undefined && isLocalDomain(domain) ? domain : undefined)
