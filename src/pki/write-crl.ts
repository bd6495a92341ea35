/** Writes certificate revocation lists, version 2 (RFC 5280 §5.1). Pure but for the signature. */
import type { KeyObject } from "node:crypto"
import { bitString, context, der, derTag, positiveInteger, sequence, time } from "./der.ts"
import { type SigningChoice, signatureAlgorithmDer, signBytes } from "./signature-algorithm.ts"
import { hexOctets } from "./write-certificate.ts"
import { authorityKeyIdentifier, extension } from "./write-extensions.ts"

/** RFC 5280 §5.3.1, by its number there. */
export const crlReasons = {
  unspecified: 0, keyCompromise: 1, cACompromise: 2, affiliationChanged: 3, superseded: 4, cessationOfOperation: 5, certificateHold: 6, removeFromCRL: 8, privilegeWithdrawn: 9, aACompromise: 10,
} as const

export type CrlReason = keyof typeof crlReasons

export interface RevokedEntry {
  /** Hex. */
  readonly serialNumber: string
  readonly revokedAt: number
  readonly reason?: CrlReason
}

export interface CrlContents {
  /** DER of a Name. */
  readonly issuer: Uint8Array
  readonly publicKey: KeyObject
  readonly signer: SigningChoice
  readonly revoked: readonly RevokedEntry[]
  readonly thisUpdate: number
  /** Absent only to see what a reader makes of it (RFC 5280 §5.1.2.5 demands it). */
  readonly nextUpdate?: number | undefined
  readonly number: bigint
}

export function writeCrl({ issuer, publicKey, signer, revoked, thisUpdate, nextUpdate, number }: CrlContents): Buffer {
  const algorithm = signatureAlgorithmDer(signer)
  const body = sequence(
    positiveInteger(Buffer.from([1])),
    algorithm,
    issuer,
    time(thisUpdate),
    ...(nextUpdate === undefined ? [] : [time(nextUpdate)]),
    // RFC 5280 §5.1.2.6: absent rather than empty
    ...(revoked.length === 0 ? [] : [sequence(...revoked.map(entry))]),
    context(0, sequence(authorityKeyIdentifier(publicKey), extension("2.5.29.20", false, positiveInteger(hexOctets(number.toString(16)))))),
  )
  return sequence(body, algorithm, bitString(signBytes(body, signer)))
}

function entry({ serialNumber, revokedAt, reason }: RevokedEntry): Buffer {
  const why = reason === undefined || reason === "unspecified" ? [] : [sequence(extension("2.5.29.21", false, der(derTag.enumerated, Buffer.from([crlReasons[reason]]))))]
  return sequence(positiveInteger(hexOctets(serialNumber)), time(revokedAt), ...why)
}
