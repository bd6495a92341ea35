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
export const deltaUrlsOf = (certificate: Pick<Certificate, "deltaUrls">, crl: Pick<VerifiedCrl, "base" | "deltaUrls">): readonly string[] =>
  crl.base === null ? [...new Set([...certificate.deltaUrls, ...crl.deltaUrls])].filter(isUrl).slice(0, maxUrls) : []

/** Whether not being named by `deltas` leaves somebody as good as `complete` says. */
export const isContinued = (complete: VerifiedCrl, deltas: readonly StatedByList[]): boolean =>
  deltas.some(({ crl, isCurrent }) => isCurrent && continues(crl, complete))

/** Of the same scope, and from a number that the list has reached. */
const continues = (delta: VerifiedCrl, complete: VerifiedCrl): boolean =>
  delta.scopeHex === complete.scopeHex && delta.base !== null && complete.number !== null && numberOf(delta.base) <= numberOf(complete.number)

const numberOf = (hex: string): bigint => BigInt(`0x${hex}`)
