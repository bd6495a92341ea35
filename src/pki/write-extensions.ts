/** Extensions of certificates and CRLs, written in DER (RFC 5280 §4.2, §5.2). Pure. */
import { createHash, type KeyObject } from "node:crypto"
import { splitAddress } from "../mail/address.ts"
import { readAsn1 } from "./asn1.ts"
import type { KeyUsageBit } from "./certificate.ts"
import { bitString, context, contextPrimitive, der, derTag, derTrue, octetString, oid, positiveInteger, sequence, utf8String } from "./der.ts"
import { extensionOid, keyUsageBits } from "./read-extensions.ts"

export const extension = (id: string, critical: boolean, value: Buffer): Buffer => sequence(oid(id), ...(critical ? [derTrue] : []), octetString(value))

/** An authority's key comes again with each certificate. */
const known = new WeakMap<KeyObject, { readonly info: Buffer; readonly identifier: Buffer }>()

function describeKey(key: KeyObject): { readonly info: Buffer; readonly identifier: Buffer } {
  const described = known.get(key)
  if (described) return described
  const info = key.export({ type: "spki", format: "der" })
  // RFC 5280 §4.2.1.2, method 1: SHA-1 of the key's bits. It names the key and protects nothing.
  const made = { info, identifier: createHash("sha1").update(readAsn1(info).items[1]?.octets.subarray(1) ?? "").digest() }
  known.set(key, made)
  return made
}

export const publicKeyInfo = (key: KeyObject): Buffer => describeKey(key).info

const keyIdentifier = (key: KeyObject): Buffer => describeKey(key).identifier

export const subjectKeyIdentifier = (key: KeyObject): Buffer => extension(extensionOid.subjectKeyIdentifier, false, octetString(keyIdentifier(key)))

export const authorityKeyIdentifier = (key: KeyObject): Buffer => extension(extensionOid.authorityKeyIdentifier, false, sequence(contextPrimitive(0, keyIdentifier(key))))

export const authority = (pathLength: number | null): Buffer =>
  extension(extensionOid.basicConstraints, true, sequence(derTrue, ...(pathLength === null ? [] : [positiveInteger(Buffer.from([pathLength]))])))

export const notAuthority = extension(extensionOid.basicConstraints, true, sequence())

/** A named bit list: DER leaves out the zero bits at its end (X.690 §11.2.2). */
export function keyUsage(bits: readonly KeyUsageBit[]): Buffer {
  const positions = bits.map((bit) => keyUsageBits.indexOf(bit))
  const last = Math.max(0, ...positions)
  const octets = Buffer.alloc((last >> 3) + 1)
  for (const at of positions) octets[at >> 3] = (octets[at >> 3] ?? 0) | (0x80 >> (at & 7))
  return extension(extensionOid.keyUsage, true, bitString(octets, 7 - (last & 7)))
}

export const extendedKeyUsage = (purposes: readonly string[], critical = false): Buffer => extension(extensionOid.extendedKeyUsage, critical, sequence(...purposes.map(oid)))

/** RFC 5280 §4.2.1.6: the value of a GeneralName of text; the tag is context-specific and primitive. */
const generalText = (number: number, text: string): Buffer => contextPrimitive(number, Buffer.from(text, "latin1"))

export const uriName = (url: string): Buffer => generalText(6, url)

export const directoryName = (name: Buffer): Buffer => context(4, name)

const smtpUtf8Mailbox = "1.3.6.1.5.5.7.8.9"

// oxlint-disable-next-line no-control-regex -- exactly the ASCII range
const ascii = /^[\x00-\x7f]*$/

/** RFC 9598 §3: SmtpUTF8Mailbox is for local parts that an rfc822Name cannot hold, and for nothing else. */
export function mailboxName(address: string): Buffer {
  if (ascii.test(splitAddress(address)?.localPart ?? address)) return generalText(1, address)
  return context(0, oid(smtpUtf8Mailbox), context(0, utf8String(address)))
}

export const subjectAltName = (names: readonly Buffer[]): Buffer => extension(extensionOid.subjectAltName, false, sequence(...names))

export const crlDistributionPoints = (urls: readonly string[]): Buffer =>
  extension(extensionOid.crlDistributionPoints, false, sequence(...urls.map((url) => sequence(context(0, context(0, uriName(url)))))))

export function authorityInfoAccess({ ocsp, issuer }: { readonly ocsp: readonly string[]; readonly issuer: readonly string[] }): Buffer {
  const descriptions = (method: string, urls: readonly string[]): Buffer[] => urls.map((url) => sequence(oid(method), uriName(url)))
  return extension(extensionOid.authorityInfoAccess, false, sequence(...descriptions("1.3.6.1.5.5.7.48.1", ocsp), ...descriptions("1.3.6.1.5.5.7.48.2", issuer)))
}

export interface SubtreeNames {
  readonly permitted?: readonly Buffer[]
  readonly excluded?: readonly Buffer[]
}

/** RFC 5280 §4.2.1.10; each name is a GeneralName. */
export function nameConstraints({ permitted = [], excluded = [] }: SubtreeNames): Buffer {
  const subtrees = (number: number, names: readonly Buffer[]): Buffer[] => (names.length === 0 ? [] : [context(number, ...names.map((name) => sequence(name)))])
  return extension(extensionOid.nameConstraints, true, sequence(...subtrees(0, permitted), ...subtrees(1, excluded)))
}

/** RFC 6960 §4.2.2.2.1: whoever trusts this responder need not ask whether it is revoked. */
export const ocspNoCheck = extension("1.3.6.1.5.5.7.48.1.5", false, der(derTag.null))
