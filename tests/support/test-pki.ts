import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import type { Certificate, KeyUsageBit } from "../../src/pki/certificate.ts"
import { type KeyType, newKeyPair } from "../../src/pki/development-smime-ca.ts"
import { writeName } from "../../src/pki/distinguished-name.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import type { SigningChoice } from "../../src/pki/signature-algorithm.ts"
import { writeCertificate } from "../../src/pki/write-certificate.ts"
import { authority, authorityKeyIdentifier, extendedKeyUsage, keyUsage, mailboxName, notAuthority, subjectAltName, subjectKeyIdentifier } from "../../src/pki/write-extensions.ts"

/** Certificates of every shape, good and bad, for tests: what the development CA would never issue. */
export interface Issued {
  readonly certificate: Certificate
  readonly name: Uint8Array
  readonly privateKey: KeyObject
}

export interface Shape {
  readonly name?: string | Buffer
  /** Absent: it signs itself. */
  readonly by?: Issued
  readonly key?: KeyType | "rsa1024" | KeyObject
  readonly from?: number
  readonly to?: number
  readonly digest?: SigningChoice["digest"]
  readonly pss?: boolean
  readonly pathLength?: number | null
  readonly keyUsage?: readonly KeyUsageBit[]
  readonly purposes?: readonly string[]
  readonly addresses?: readonly string[]
  readonly extensions?: readonly Buffer[]
}

export const pkiTime = Date.parse("2026-11-01T00:00:00Z")
export const day = 86_400_000

const keyOf = (key: Shape["key"]): KeyObject => {
  if (typeof key === "object") return key
  return key === "rsa1024" ? generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey : newKeyPair(key ?? "P-256").privateKey
}

function issue(shape: Shape, basics: readonly Buffer[]): Issued {
  const privateKey = keyOf(shape.key)
  const publicKey = createPublicKey(privateKey)
  const name = typeof shape.name === "object" ? shape.name : writeName({ commonName: shape.name ?? "A", organization: "Test" })
  const signingKey = shape.by?.privateKey ?? privateKey
  const der = writeCertificate({
    subject: name,
    issuer: shape.by?.name ?? name,
    publicKey,
    notBefore: shape.from ?? pkiTime - day,
    notAfter: shape.to ?? pkiTime + day,
    signer: { privateKey: signingKey, ...(shape.digest && { digest: shape.digest }), ...(shape.pss && { pss: true }) },
    extensions: [subjectKeyIdentifier(publicKey), authorityKeyIdentifier(createPublicKey(signingKey)), ...basics, ...(shape.extensions ?? [])],
  })
  const parsed = parseCertificate(der)
  if (!parsed.ok) throw new Error(parsed.failure.detail)
  return { certificate: parsed.value, name, privateKey }
}

export const authorityOf = (shape: Shape): Issued =>
  issue(shape, [
    authority(shape.pathLength ?? null),
    keyUsage(shape.keyUsage ?? ["keyCertSign", "cRLSign"]),
    ...(shape.purposes ? [extendedKeyUsage(shape.purposes)] : []),
    ...(shape.addresses ? [subjectAltName(shape.addresses.map(mailboxName))] : []),
  ])

export const holderOf = (shape: Shape): Issued => {
  const purposes = shape.purposes ?? [keyPurpose.emailProtection]
  return issue(shape, [
    notAuthority,
    ...(shape.keyUsage?.length === 0 ? [] : [keyUsage(shape.keyUsage ?? ["digitalSignature"])]),
    ...(purposes.length > 0 ? [extendedKeyUsage(purposes)] : []),
    ...(shape.addresses ? [subjectAltName(shape.addresses.map(mailboxName))] : []),
  ])
}
