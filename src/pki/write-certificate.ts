/** Writes X.509 certificates (RFC 5280 §4.1). Pure but for the serial number and the signature. */
import { type KeyObject, randomBytes } from "node:crypto"
import { bitString, context, positiveInteger, sequence, time } from "./der.ts"
import { type SigningChoice, signatureAlgorithmDer, signBytes } from "./signature-algorithm.ts"
import { publicKeyInfo } from "./write-extensions.ts"

export interface CertificateContents {
  /** DER of Names. */
  readonly subject: Uint8Array
  readonly issuer: Uint8Array
  readonly publicKey: KeyObject
  readonly notBefore: number
  readonly notAfter: number
  /** DER of each Extension, in order. */
  readonly extensions: readonly Uint8Array[]
  /** Hex; random when absent. */
  readonly serialNumber?: string | undefined
  readonly signer: SigningChoice
}

/** RFC 5280 §4.1.2.2: positive and at most 20 octets; 128 random bits cannot meet another. */
const randomSerial = (): Buffer => Buffer.concat([Buffer.from([0x40]), randomBytes(16)])

export function writeCertificate(contents: CertificateContents): Buffer {
  const algorithm = signatureAlgorithmDer(contents.signer)
  const body = sequence(
    context(0, positiveInteger(Buffer.from([2]))),
    positiveInteger(contents.serialNumber === undefined ? randomSerial() : hexOctets(contents.serialNumber)),
    algorithm,
    contents.issuer,
    sequence(time(contents.notBefore), time(contents.notAfter)),
    contents.subject,
    publicKeyInfo(contents.publicKey),
    context(3, sequence(...contents.extensions)),
  )
  return sequence(body, algorithm, bitString(signBytes(body, contents.signer)))
}

export const hexOctets = (text: string): Buffer => Buffer.from(text.length % 2 === 0 ? text : `0${text}`, "hex")

/** RFC 7468 §2: base64 in lines of 64. */
export function pem(label: string, content: Uint8Array): string {
  const base64 = Buffer.from(content).toString("base64").replace(/.{64}/g, "$&\n").trimEnd()
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`
}
