/**
 * Writes a key with its certificate as PKCS #12 (RFC 7292), as mail clients import it: AES-256 and SHA-256 throughout (RFC 8018 §6.2),
 * which OpenSSL, NSS and Windows read. Pure but for salts. Must not know: where the file goes.
 */
import { createCipheriv, createHash, createHmac, type KeyObject, pbkdf2Sync, randomBytes } from "node:crypto"
import { context, contextPrimitive, der, derTag, octetString, oid, positiveInteger, sequence } from "./der.ts"
import { derivePkcs12 } from "./pkcs12-derivation.ts"

export interface Pkcs12Contents {
  readonly privateKey: KeyObject
  /** DER; the holder's first, then those above it. */
  readonly certificates: readonly [Uint8Array, ...Uint8Array[]]
  /** What a client lists it under. */
  readonly name: string
  readonly password: string
}

const iterations = 10_000

export function writePkcs12({ privateKey, certificates, name, password }: Pkcs12Contents): Buffer {
  const [holder, ...above] = certificates
  // what ties the key to its certificate
  const names = [attribute("1.2.840.113549.1.9.21", octetString(createHash("sha1").update(holder).digest())), attribute("1.2.840.113549.1.9.20", bmpString(name))]
  const keyBag = bag("1.2.840.113549.1.12.10.1.2", privateKey.export({ type: "pkcs8", format: "der", cipher: "aes-256-cbc", passphrase: password }), names)
  const certificateBags = [certificateBag(holder, names), ...above.map((one) => certificateBag(one, []))]
  const safes = sequence(encrypted(sequence(...certificateBags), password), data(sequence(keyBag)))
  return sequence(integer(3), data(safes), mac(safes, password))
}

const integer = (value: number): Buffer => positiveInteger(Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]))

const dataType = oid("1.2.840.113549.1.7.1")

/** ContentInfo of type data (RFC 5652 §4). */
const data = (content: Uint8Array): Buffer => sequence(dataType, context(0, octetString(content)))

/** RFC 7292 §4.2: a bag is a type, a value, and attributes. */
const bag = (type: string, value: Uint8Array, attributes: readonly Uint8Array[]): Buffer => sequence(oid(type), context(0, value), ...(attributes.length > 0 ? [der(derTag.set, ...attributes)] : []))

const certificateBag = (certificate: Uint8Array, attributes: readonly Uint8Array[]): Buffer =>
  bag("1.2.840.113549.1.12.10.1.3", sequence(oid("1.2.840.113549.1.9.22.1"), context(0, octetString(certificate))), attributes)

const attribute = (type: string, value: Uint8Array): Buffer => sequence(oid(type), der(derTag.set, value))

const bmpStringTag = 0x1e
const bmpString = (text: string): Buffer => der(bmpStringTag, Buffer.from(text, "utf16le").swap16())

const hmacWithSha256 = sequence(oid("1.2.840.113549.2.9"), der(derTag.null))

/** EncryptedData (RFC 5652 §8) with PBES2. */
function encrypted(content: Uint8Array, password: string): Buffer {
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv("aes-256-cbc", pbkdf2Sync(password, salt, iterations, 32, "sha256"), iv)
  const derivation = sequence(oid("1.2.840.113549.1.5.12"), sequence(octetString(salt), integer(iterations), hmacWithSha256))
  const scheme = sequence(oid("2.16.840.1.101.3.4.1.42"), octetString(iv))
  const algorithm = sequence(oid("1.2.840.113549.1.5.13"), sequence(derivation, scheme))
  const octets = Buffer.concat([cipher.update(content), cipher.final()])
  return sequence(oid("1.2.840.113549.1.7.6"), context(0, sequence(integer(0), sequence(dataType, algorithm, contextPrimitive(0, octets)))))
}

/** RFC 7292 §4: MacData over the safes. */
function mac(safes: Uint8Array, password: string): Buffer {
  const salt = randomBytes(16)
  const key = derivePkcs12({ password, salt, iterations, id: 3, length: 32, digest: "sha256" })
  const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"), der(derTag.null))
  return sequence(sequence(sha256, octetString(createHmac("sha256", key).update(safes).digest())), octetString(salt), integer(iterations))
}
