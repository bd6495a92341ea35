import type { Certificate } from "../certificate.ts"
import { isUrl } from "./configured-lists.ts"
import type { VerifiedCrl } from "./crl.ts"
import { maxUrls } from "./ocsp-source.ts"

/**
 * How deltas bear on a complete list (RFC 5280 §5.2.4, §6.3.3 (c), (i)-(k)). Whom a delta names it speaks of, whatever its base. That it does not name
 * somebody means something only beside the list that it continues. Once an authority has said that there are deltas, nobody is good by a complete list alone:
 * the revocation may stand in the delta that could not be had. Pure.
 */
export interface StatedByList {
  readonly crl: VerifiedCrl
  readonly isCurrent: boolean
}

/** Where the deltas are said to be, by the certificate and by the list; only over HTTP, at most as many as of complete ones. */
export const deltaUrlsOf = ({ deltaPoints }: Pick<Certificate, "deltaPoints">, crl: Pick<VerifiedCrl, "base" | "deltaUrls" | "issuerDer">): readonly string[] => {
  if (crl.base !== null) return []
  const own = deltaPoints.filter(({ lister }) => Buffer.compare(lister, crl.issuerDer) === 0).flatMap(({ urls }) => urls)
  return [...new Set([...own, ...crl.deltaUrls])].filter(isUrl).slice(0, maxUrls)
}

/** Whether not being named by `deltas` leaves somebody as good as `complete` says. */
export const isContinued = (complete: VerifiedCrl, deltas: readonly StatedByList[]): boolean =>
  deltas.some(({ crl, isCurrent }) => isCurrent && continues(crl, complete))

/** Signed with the same key, of the same scope, and from a number that the list has reached. */
const continues = (delta: VerifiedCrl, complete: VerifiedCrl): boolean =>
  Buffer.compare(delta.signer.publicKeyInfo, complete.signer.publicKeyInfo) === 0 && delta.scopeHex === complete.scopeHex && delta.base !== null && complete.number !== null && numberOf(delta.base) <= numberOf(complete.number)

const numberOf = (hex: string): bigint => BigInt(`0x${hex}`)
