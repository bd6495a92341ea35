import { type KeyObject, createPublicKey } from "node:crypto"
import type { Certificate } from "../../src/pki/certificate.ts"
import { bitString, context, der, derTag, positiveInteger, sequence, time } from "../../src/pki/der.ts"
import { signatureAlgorithmDer, signBytes } from "../../src/pki/signature-algorithm.ts"
import { authorityKeyIdentifier, directoryName, extension } from "../../src/pki/write-extensions.ts"

/** CRLs that no CA of ours writes: any extension on the list or on its entries, any order, any damage. */
export interface TestCrl {
  readonly issuer: { readonly certificate: Certificate; readonly privateKey: KeyObject }
  readonly thisUpdate: number
  readonly nextUpdate?: number
  /** Hex serial numbers, with extensions of the entry. */
  readonly entries?: readonly { readonly serialNumber: string; readonly extensions?: readonly Buffer[]; readonly date?: Buffer }[]
  readonly extensions?: readonly Buffer[]
  readonly digest?: "sha1" | "sha256" | "sha384" | "sha512"
  readonly pss?: boolean
}

export function testCrl({ issuer, thisUpdate, nextUpdate = thisUpdate + 86_400_000, entries = [], extensions = [], ...how }: TestCrl): Buffer {
  const signer = { privateKey: issuer.privateKey, ...how }
  const algorithm = signatureAlgorithmDer(signer)
  const rows = entries.map(({ serialNumber, extensions = [], date = time(thisUpdate) }) =>
    sequence(positiveInteger(Buffer.from(serialNumber, "hex")), date, ...(extensions.length > 0 ? [sequence(...extensions)] : [])),
  )
  const body = sequence(
    positiveInteger(Buffer.from([1])), algorithm, issuer.certificate.subject.der, time(thisUpdate), time(nextUpdate), ...(rows.length > 0 ? [sequence(Buffer.concat(rows))] : []),
    context(0, sequence(authorityKeyIdentifier(createPublicKey(issuer.privateKey)), ...extensions)),
  )
  return sequence(body, algorithm, bitString(signBytes(body, signer)))
}

/** `number` of RFC 5280 §5.3.1. */
export const crlReason = (number: number): Buffer => extension("2.5.29.21", false, der(derTag.enumerated, Buffer.from([number])))

/** RFC 5280 §5.3.3. */
export const certificateIssuer = ({ subject }: Certificate): Buffer => extension("2.5.29.29", true, sequence(directoryName(Buffer.from(subject.der))))
