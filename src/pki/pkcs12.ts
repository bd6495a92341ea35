/**
 * Certificates and keys of a PKCS #12 file (RFC 7292 §4). Encrypted with PBES2 as programs do today, or with triple DES as
 * older ones did; RC2 is not in our OpenSSL. Must not know: what the certificates are, who may have the keys.
 */
import { createDecipheriv, pbkdf2Sync } from "node:crypto"
import { type Asn1, Asn1SyntaxError, expectTag, oidText, readAsn1, sequenceItems, smallNumber } from "./asn1.ts"
import { derTag } from "./der.ts"
import { derivePkcs12 } from "./pkcs12-derivation.ts"

export class Pkcs12Error extends Error {
  readonly kind: "privateKey" | "password" | "malformed"
  constructor(kind: Pkcs12Error["kind"], message: string) {
    super(message)
    this.kind = kind
  }
}

const oids = {
  data: "1.2.840.113549.1.7.1", encryptedData: "1.2.840.113549.1.7.6",
  keyBag: "1.2.840.113549.1.12.10.1.1", shroudedKeyBag: "1.2.840.113549.1.12.10.1.2", certificateBag: "1.2.840.113549.1.12.10.1.3",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  pbes2: "1.2.840.113549.1.5.13", pbkdf2: "1.2.840.113549.1.5.12", tripleDes: "1.2.840.113549.1.12.1.3", rc2of40: "1.2.840.113549.1.12.1.6", rc2of128: "1.2.840.113549.1.12.1.5",
} as const

const maxNodes = 100_000

/** What is in a file, in its order. */
export type Pkcs12Bag =
  | { readonly kind: "certificate"; readonly der: Uint8Array }
  /** `read` gives the DER of a PKCS #8 PrivateKeyInfo, and throws as `readPkcs12Bags` does. */
  | { readonly kind: "privateKey"; readonly read: () => Uint8Array }

/** DER of each certificate of a file that has no key in it. Throws Pkcs12Error, Asn1SyntaxError. */
export const readPkcs12 = (pfx: Asn1, password: string): readonly Uint8Array[] =>
  readPkcs12Bags(pfx, password).map((bag) => {
    if (bag.kind === "certificate") return bag.der
    throw new Pkcs12Error("privateKey", "the file has a private key in it: export only the certificate (openssl pkcs12 -nokeys), and keep the key to its holder")
  })

/** Throws Pkcs12Error, Asn1SyntaxError. */
export function readPkcs12Bags(pfx: Asn1, password: string): readonly Pkcs12Bag[] {
  const opening: Opening = { password, roundsLeft: maxRounds }
  const safes = sequenceItems(readAsn1(dataOf(pfx.items[1]), maxNodes), "safes")
  return safes.flatMap((safe) => {
    const content = oidText(safe.items[0]) === oids.encryptedData ? decryptedSafe(safe, opening) : dataOf(safe)
    return sequenceItems(readAsn1(content, maxNodes), "safe contents").flatMap((bag) => readBag(bag, opening))
  })
}

/** ContentInfo of type data (RFC 5652 §4). */
function dataOf(contentInfo: Asn1 | undefined): Uint8Array {
  const [type, content] = sequenceItems(contentInfo, "content")
  if (oidText(type) !== oids.data) throw new Pkcs12Error("malformed", "the file is protected with a public key, which is not supported: export it with a password")
  return expectTag(content?.items[0], derTag.octetString, "data").octets
}

function readBag(bag: Asn1, opening: Opening): readonly Pkcs12Bag[] {
  const [type, value] = sequenceItems(bag, "bag")
  const kind = oidText(type)
  if (kind === oids.keyBag) return [{ kind: "privateKey", read: () => expectTag(value?.items[0], derTag.sequence, "private key").der }]
  if (kind === oids.shroudedKeyBag) return [{ kind: "privateKey", read: () => decrypted(sequenceItems(value?.items[0], "encrypted private key"), opening) }]
  if (kind !== oids.certificateBag) return []
  const [certificateType, wrapped] = sequenceItems(value?.items[0], "certificate bag")
  return oidText(certificateType) === oids.x509Certificate ? [{ kind: "certificate", der: expectTag(wrapped?.items[0], derTag.octetString, "certificate").octets }] : []
}

/** RFC 5652 §8. */
function decryptedSafe(safe: Asn1, opening: Opening): Uint8Array {
  const [, contentInfo] = sequenceItems(safe.items[1]?.items[0], "encrypted data")
  return decrypted(sequenceItems(contentInfo, "encrypted content").slice(1), opening)
}

/** A wrong password shows as bad padding, or as an outcome that is not DER. */
function decrypted([algorithm, encrypted]: readonly Asn1[], opening: Opening): Uint8Array {
  if (!encrypted) throw new Asn1SyntaxError("has encrypted content that is not there")
  const decrypt = decryption(algorithm, opening)
  try {
    const content = decrypt(encrypted.octets)
    readAsn1(content, maxNodes)
    return content
  } catch {
    throw new Pkcs12Error("password", opening.password === "" ? "the file needs a password" : "the password does not open the file")
  }
}

type Decrypt = (octets: Uint8Array) => Uint8Array

function decryption(algorithm: Asn1 | undefined, opening: Opening): Decrypt {
  const [type, parameters] = sequenceItems(algorithm, "encryption algorithm")
  const kind = oidText(type)
  if (kind === oids.pbes2) return pbes2(sequenceItems(parameters, "PBES2 parameters"), opening)
  if (kind === oids.tripleDes) return tripleDes(sequenceItems(parameters, "PBE parameters"), opening)
  const what = kind === oids.rc2of40 || kind === oids.rc2of128 ? "RC2, which is broken" : `an algorithm that is not supported (${kind})`
  throw new Pkcs12Error("malformed", `the file is encrypted with ${what}: export it anew, or write its certificates out with: openssl pkcs12 -legacy -nokeys -in FILE`)
}

/** RFC 7292 appendix C: pbeWithSHAAnd3-KeyTripleDES-CBC. */
function tripleDes([salt, iterations]: readonly Asn1[], opening: Opening): Decrypt {
  const from = { password: opening.password, salt: expectTag(salt, derTag.octetString, "salt").octets, iterations: affordable(opening, iterations, ownRound), digest: "sha1" as const }
  const key = derivePkcs12({ ...from, id: 1, length: 24 })
  return decipher("des-ede3-cbc", key, derivePkcs12({ ...from, id: 2, length: 8 }))
}

const ciphers: Readonly<Record<string, readonly [name: string, keyLength: number]>> = {
  "2.16.840.1.101.3.4.1.2": ["aes-128-cbc", 16], "2.16.840.1.101.3.4.1.22": ["aes-192-cbc", 24], "2.16.840.1.101.3.4.1.42": ["aes-256-cbc", 32], "1.2.840.113549.3.7": ["des-ede3-cbc", 24],
}

const pseudorandom: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.7": "sha1", "1.2.840.113549.2.8": "sha224", "1.2.840.113549.2.9": "sha256", "1.2.840.113549.2.10": "sha384", "1.2.840.113549.2.11": "sha512",
}

/** RFC 8018 §6.2, §5.2. */
function pbes2([derivation, scheme]: readonly Asn1[], opening: Opening): Decrypt {
  const [derivationType, derivationParameters] = sequenceItems(derivation, "key derivation")
  const [salt, iterations, ...rest] = sequenceItems(derivationParameters, "PBKDF2 parameters")
  const [cipherType, iv] = sequenceItems(scheme, "cipher")
  const [name, keyLength] = ciphers[oidText(cipherType)] ?? []
  const prf = rest.find(({ tag }) => tag === derTag.sequence)
  const digest = prf ? pseudorandom[oidText(prf.items[0])] : "sha1"
  if (oidText(derivationType) !== oids.pbkdf2 || name === undefined || keyLength === undefined || digest === undefined) throw new Pkcs12Error("malformed", "the file is encrypted in a way that is not supported")
  const key = pbkdf2Sync(opening.password, expectTag(salt, derTag.octetString, "salt").octets, affordable(opening, iterations), keyLength, digest)
  return decipher(name, key, expectTag(iv, derTag.octetString, "initialization vector").octets)
}

/** A file must not choose how long we work on it, neither at one place nor at many: programs ask for some 10,000 rounds, or 600,000 of PBKDF2. */
const maxRounds = 2_000_000
/** Rounds of OpenSSL's PBKDF2 in the time of one of ours, for a key and an initialization vector. */
const ownRound = 30

interface Opening {
  readonly password: string
  /** Of the file. */
  roundsLeft: number
}

function affordable(opening: Opening, node: Asn1 | undefined, weight = 1): number {
  const iterations = smallNumber(node)
  if (iterations < 1 || iterations * weight > opening.roundsLeft) throw new Pkcs12Error("malformed", `the file asks for ${iterations} rounds of key derivation, which is more than are done for one file`)
  opening.roundsLeft -= iterations * weight
  return iterations
}

const decipher =
  (name: string, key: Uint8Array, iv: Uint8Array): Decrypt =>
  (octets) => {
    const cipher = createDecipheriv(name, key, iv)
    return Buffer.concat([cipher.update(octets), cipher.final()])
  }
