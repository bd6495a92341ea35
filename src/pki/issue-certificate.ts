import { createHash, type KeyObject, randomBytes, sign } from "node:crypto"
import { isIPv4, isIPv6 } from "node:net"
import { bitString, context, contextPrimitive, der, derTag, derTrue, octetString, oid, positiveInteger, sequence, time, utf8String } from "./der.ts"

/** Writes one X.509 certificate with an EC key on P-256 (RFC 5280, RFC 5758). Pure but for the serial number and the signature. */
export interface CertificateRequest {
  readonly subject: DistinguishedName
  readonly publicKey: KeyObject
  readonly issuer: { readonly subject: DistinguishedName; readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly notBefore: number
  readonly notAfter: number
  readonly purpose: { readonly kind: "authority" } | { readonly kind: "server"; readonly names: readonly string[] }
}

export interface DistinguishedName {
  readonly commonName: string
  readonly organization?: string
}

export function issueCertificate(request: CertificateRequest): string {
  const body = sequence(
    context(0, positiveInteger(Buffer.from([2]))),
    serialNumber(),
    ecdsaWithSha256,
    distinguishedName(request.issuer.subject),
    sequence(time(request.notBefore), time(request.notAfter)),
    distinguishedName(request.subject),
    publicKeyInfo(request.publicKey),
    context(3, sequence(...extensionsOf(request))),
  )
  const certificate = sequence(body, ecdsaWithSha256, bitString(sign("sha256", body, request.issuer.privateKey)))
  const base64 = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
}

const ecdsaWithSha256 = sequence(oid("1.2.840.10045.4.3.2"))

/** RFC 5280 §4.1.2.2: positive and at most 20 octets; 128 random bits cannot meet another. */
const serialNumber = (): Buffer => positiveInteger(Buffer.concat([Buffer.from([0x40]), randomBytes(16)]))

function distinguishedName({ commonName, organization }: DistinguishedName): Buffer {
  const attribute = (type: string, value: string): Buffer => der(derTag.set, sequence(oid(type), utf8String(value)))
  return sequence(...(organization === undefined ? [] : [attribute("2.5.4.10", organization)]), attribute("2.5.4.3", commonName))
}

const publicKeyInfo = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" })

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the key's bits. It names the key and protects nothing. */
function keyIdentifier(key: KeyObject): Buffer {
  const point = publicKeyInfo(key).subarray(-65)
  return createHash("sha1").update(point).digest()
}

function* extensionsOf({ purpose, publicKey, issuer }: CertificateRequest): Iterable<Buffer> {
  const extension = (id: string, critical: boolean, value: Buffer): Buffer => sequence(oid(id), ...(critical ? [derTrue] : []), octetString(value))
  yield extension("2.5.29.14", false, octetString(keyIdentifier(publicKey)))
  yield extension("2.5.29.35", false, sequence(contextPrimitive(0, keyIdentifier(issuer.publicKey))))
  if (purpose.kind === "authority") {
    yield extension("2.5.29.19", true, sequence(derTrue, positiveInteger(Buffer.from([0]))))
    // keyCertSign and cRLSign: bits 5 and 6
    yield extension("2.5.29.15", true, bitString(Buffer.from([0b0000_0110]), 1))
    return
  }
  yield extension("2.5.29.19", true, sequence())
  // digitalSignature: bit 0
  yield extension("2.5.29.15", true, bitString(Buffer.from([0b1000_0000]), 7))
  yield extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1")))
  // RFC 6125 §6.4: names are matched against this, not against the common name
  yield extension("2.5.29.17", false, sequence(...purpose.names.map(generalName)))
}

/** RFC 5280 §4.2.1.6: dNSName is [2], iPAddress is [7] in network order. */
function generalName(name: string): Buffer {
  if (isIPv4(name)) return contextPrimitive(7, Buffer.from(name.split(".").map(Number)))
  if (isIPv6(name)) return contextPrimitive(7, ipv6Octets(name))
  return contextPrimitive(2, Buffer.from(name, "latin1"))
}

function ipv6Octets(text: string): Buffer {
  const [head = "", tail] = text.split("::")
  const words = (part: string): number[] => (part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16)))
  const before = words(head)
  const after = tail === undefined ? [] : words(tail)
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return Buffer.from(all.flatMap((word) => [word >>> 8, word & 0xff]))
}
