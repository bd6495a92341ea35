import { domainToASCII } from "node:url"
import type { CertificatePair } from "./certificate-pair.ts"

/**
 * Which certificates a client is served with. Pure. The first pair is for everybody; those for all its names with another kind of key stand beside
 * it, so that RSA serves who cannot check ECDSA. Further names have one pair each: Node changes the certificate of a handshake for one other, no more.
 */
export function defaultPairs(pairs: readonly CertificatePair[]): readonly CertificatePair[] {
  const [first] = pairs
  if (!first) return []
  const siblings = first.names.length === 0 ? [] : pairs.filter(({ names }) => first.names.every((name) => names.includes(name)))
  return [...Map.groupBy([first, ...siblings], ({ kind }) => kind).values()].flatMap(([one]) => one ?? [])
}

/** For a client that asks for `name` (RFC 6066 §3): the pair that has it, else one with a wildcard for the whole leftmost label (RFC 9525 §6.3). Undefined: the default ones are as good. */
export function pairForName(pairs: readonly CertificatePair[], name: string): CertificatePair | undefined {
  const asked = domainToASCII(name)
  const exact = having(pairs, asked)
  const found = exact.length > 0 ? exact : having(pairs, asked.replace(/^[^.]+/, "*"))
  const everybodys = defaultPairs(pairs)
  return found.some((pair) => everybodys.includes(pair)) ? undefined : found[0]
}

const having = (pairs: readonly CertificatePair[], name: string): readonly CertificatePair[] => (name === "" ? [] : pairs.filter(({ names }) => names.includes(name)))
