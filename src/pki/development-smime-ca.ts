import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto"
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../base/clock.ts"
import type { AlgorithmPolicy } from "./algorithm-policy.ts"
import type { Certificate, KeyUsageBit } from "./certificate.ts"
import { type DistinguishedName, writeName } from "./distinguished-name.ts"
import { keyPurpose } from "./key-purpose.ts"
import { parseCertificate } from "./parse-certificate.ts"
import type { TrustSettings } from "./trust-anchors.ts"
import { pem, writeCertificate } from "./write-certificate.ts"
import { type RevokedEntry, writeCrl } from "./write-crl.ts"
import {
  authority, authorityInfoAccess, authorityKeyIdentifier, crlDistributionPoints, extendedKeyUsage, keyUsage, mailboxName, notAuthority, ocspNoCheck, subjectAltName, subjectKeyIdentifier,
} from "./write-extensions.ts"

/**
 * The certificate authority of signatures for a developer's machine: a root, and below it the authority that issues to the people
 * and organizations of the demonstration province. Refused in production (config/load.ts). Its two keys are files that only their
 * owner can read, and are made once; keys of those it issues to are handed out and kept nowhere.
 * Must not know: who the holders are, what is revoked.
 */
export interface DevelopmentSmimeCa {
  readonly root: Authority
  readonly intermediate: Authority
  /** A certificate of the intermediate for a new key. */
  issue(request: SmimeRequest): { readonly certificateDer: Uint8Array; readonly privateKey: KeyObject }
  /** The same for a key that its holder made. */
  issueForKey(publicKey: KeyObject, request: SmimeRequest): { readonly certificateDer: Uint8Array }
  /** What the intermediate has revoked; `issuer: "root"` for the root's own list. */
  crl(request: CrlRequest): Uint8Array
  /** Of a delegated responder (RFC 6960 §4.2.2.2), for a new key. */
  responderCertificate(): { readonly certificateDer: Uint8Array; readonly privateKey: KeyObject }
  /** Of a time-stamping authority (RFC 3161 §2.3), for a new key. */
  timestampCertificate(): { readonly certificateDer: Uint8Array; readonly privateKey: KeyObject }
}

export interface Authority {
  readonly certificate: Certificate
  /** PEM, to be named as an anchor or given to a mail client. */
  readonly certificateFile: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface SmimeRequest {
  readonly subject: DistinguishedName
  /** Written to subjectAltName; real official certificates often have none. */
  readonly addresses?: readonly string[]
  readonly keyType?: KeyType
  /** From yesterday, for a year, when absent. */
  readonly notBefore?: number
  readonly notAfter?: number
  /** OIDs; emailProtection and clientAuth when absent, no extension when empty. */
  readonly extendedKeyUsage?: readonly string[]
  /** digitalSignature and nonRepudiation, and keyEncipherment for RSA or keyAgreement for EC, when absent; no extension when empty. */
  readonly keyUsage?: readonly KeyUsageBit[]
  readonly crlUrls?: readonly string[]
  readonly ocspUrls?: readonly string[]
  readonly issuerUrls?: readonly string[]
  /** Hex; random when absent. */
  readonly serialNumber?: string
  /** DER of further extensions (write-extensions.ts). */
  readonly extensions?: readonly Uint8Array[]
}

export type KeyType = "P-256" | "P-384" | "P-521" | "rsa2048" | "rsa3072" | "ed25519"

export interface CrlRequest {
  readonly issuer?: "root" | "intermediate"
  readonly revoked: readonly RevokedEntry[]
  readonly thisUpdate: number
  readonly nextUpdate?: number
  /** thisUpdate when absent, so that later lists have higher numbers (RFC 5280 §5.2.3). */
  readonly number?: bigint
}

const day = 86_400_000
const rootDays = 7_300
const intermediateDays = 3_650
const holderDays = 365
/** An authority that ends within this time is made anew at the start. */
const renewalDays = 400

const rootName: DistinguishedName = { commonName: "Công Thư development S/MIME root", organization: "Development only", country: "VN" }
const intermediateName: DistinguishedName = { commonName: "Công Thư development signing CA", organization: "Development only", country: "VN" }

export async function openDevelopmentSmimeCa({ dir, clock }: { readonly dir: string; readonly clock: Clock }): Promise<DevelopmentSmimeCa> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const now = clock.now()
  const root = (await readAuthority(dir, "smime-root", now)) ?? (await makeAuthority(dir, { file: "smime-root", name: rootName, now, days: rootDays, pathLength: null }))
  const known = await readAuthority(dir, "smime-signing", now)
  const intermediate =
    known && issuedBy(known, root) ? known : await makeAuthority(dir, { file: "smime-signing", name: intermediateName, now, days: intermediateDays, pathLength: 0, issuer: root })

  // made once: reading a key out of OpenSSL takes longer than signing with it
  const issuerKeyIdentifier = authorityKeyIdentifier(createPublicKey(intermediate.privateKey))
  const issueForKey = (publicKey: KeyObject, request: SmimeRequest): { readonly certificateDer: Uint8Array } => ({
    certificateDer: writeHolder(publicKey, request, { authority: intermediate, keyIdentifier: issuerKeyIdentifier }, clock.now()),
  })
  const issue = (request: SmimeRequest): { readonly certificateDer: Uint8Array; readonly privateKey: KeyObject } => {
    const { privateKey, publicKey } = newKeyPair(request.keyType ?? "P-256")
    return { ...issueForKey(publicKey, request), privateKey }
  }
  return {
    root,
    intermediate,
    issue,
    issueForKey,
    crl: ({ issuer = "intermediate", revoked, thisUpdate, nextUpdate, number = BigInt(thisUpdate) }) => {
      const by = issuer === "root" ? root : intermediate
      return writeCrl({ issuer: by.certificate.subject.der, publicKey: by.publicKey, signer: { privateKey: by.privateKey }, revoked, thisUpdate, nextUpdate, number })
    },
    responderCertificate: () =>
      issue({ subject: { ...intermediateName, commonName: "Công Thư development OCSP responder" }, keyUsage: ["digitalSignature"], extendedKeyUsage: [keyPurpose.ocspSigning], extensions: [ocspNoCheck] }),
    timestampCertificate: () =>
      issue({
        subject: { ...intermediateName, commonName: "Công Thư development time-stamping authority" }, keyUsage: ["digitalSignature", "nonRepudiation"], extendedKeyUsage: [],
        // RFC 3161 §2.3: critical, and alone
        extensions: [extendedKeyUsage([keyPurpose.timeStamping], true)],
      }),
  }
}

/** What trusts it, where configuration names no anchor. */
export const developmentTrust = ({ root, intermediate }: DevelopmentSmimeCa, algorithms: AlgorithmPolicy): TrustSettings => ({
  anchors: [{ name: "development", certificate: root.certificate, purposes: new Set([keyPurpose.emailProtection, keyPurpose.clientAuth, keyPurpose.timeStamping, keyPurpose.ocspSigning]) }],
  intermediates: [intermediate.certificate],
  algorithms,
})

interface HolderIssuer {
  readonly authority: Authority
  /** The extension that names its key. */
  readonly keyIdentifier: Uint8Array
}

function writeHolder(publicKey: KeyObject, request: SmimeRequest, issuer: HolderIssuer, now: number): Uint8Array {
  const { addresses = [], crlUrls = [], ocspUrls = [], issuerUrls = [] } = request
  const usage = request.keyUsage ?? ["digitalSignature", "nonRepudiation", ...encryptionUsage(publicKey)]
  const purposes = request.extendedKeyUsage ?? [keyPurpose.emailProtection, keyPurpose.clientAuth]
  return writeCertificate({
    subject: writeName(request.subject),
    issuer: issuer.authority.certificate.subject.der,
    publicKey,
    notBefore: request.notBefore ?? now - day,
    notAfter: request.notAfter ?? now + holderDays * day,
    serialNumber: request.serialNumber,
    signer: { privateKey: issuer.authority.privateKey },
    extensions: [
      subjectKeyIdentifier(publicKey),
      issuer.keyIdentifier,
      notAuthority,
      ...(usage.length > 0 ? [keyUsage(usage)] : []),
      ...(purposes.length > 0 ? [extendedKeyUsage(purposes)] : []),
      ...(addresses.length > 0 ? [subjectAltName(addresses.map(mailboxName))] : []),
      ...(crlUrls.length > 0 ? [crlDistributionPoints(crlUrls)] : []),
      ...(ocspUrls.length + issuerUrls.length > 0 ? [authorityInfoAccess({ ocsp: ocspUrls, issuer: issuerUrls })] : []),
      ...(request.extensions ?? []),
    ],
  })
}

/** RFC 8550 §4.4.2: what mail clients look for before they encrypt to a certificate. */
function encryptionUsage({ asymmetricKeyType }: KeyObject): readonly KeyUsageBit[] {
  if (asymmetricKeyType === "rsa") return ["keyEncipherment"]
  return asymmetricKeyType === "ec" ? ["keyAgreement"] : []
}

export function newKeyPair(type: KeyType): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  if (type === "ed25519") return generateKeyPairSync("ed25519")
  if (type === "rsa2048" || type === "rsa3072") return generateKeyPairSync("rsa", { modulusLength: Number(type.slice(3)) })
  return generateKeyPairSync("ec", { namedCurve: type })
}

interface NewAuthority {
  readonly file: string
  readonly name: DistinguishedName
  readonly now: number
  readonly days: number
  readonly pathLength: number | null
  /** Absent: it signs itself. */
  readonly issuer?: Authority
}

async function makeAuthority(dir: string, { file, name, now, days, pathLength, issuer }: NewAuthority): Promise<Authority> {
  const { privateKey, publicKey } = newKeyPair("P-256")
  const signingKey = issuer?.privateKey ?? privateKey
  const subject = writeName(name)
  const certificateDer = writeCertificate({
    subject,
    issuer: issuer?.certificate.subject.der ?? subject,
    publicKey,
    notBefore: now - day,
    notAfter: now + days * day,
    signer: { privateKey: signingKey },
    extensions: [subjectKeyIdentifier(publicKey), authorityKeyIdentifier(issuer?.publicKey ?? publicKey), authority(pathLength), keyUsage(["keyCertSign", "cRLSign"])],
  })
  const certificateFile = join(dir, `${file}.pem`)
  await writeWhole(join(dir, `${file}.key`), privateKey.export({ type: "pkcs8", format: "pem" }).toString(), 0o600)
  await writeWhole(certificateFile, pem("CERTIFICATE", certificateDer), 0o644)
  return { certificate: parsed(certificateDer), certificateFile, privateKey, publicKey }
}

/** One of an earlier start; undefined when there is none, when it is about to end, or when key and certificate do not belong together. */
async function readAuthority(dir: string, file: string, now: number): Promise<Authority | undefined> {
  const certificateFile = join(dir, `${file}.pem`)
  try {
    const x509 = new X509Certificate(await readFile(certificateFile))
    const privateKey = createPrivateKey(await readFile(join(dir, `${file}.key`)))
    const certificate = parsed(x509.raw)
    const lasts = certificate.notBefore <= now && certificate.notAfter > now + renewalDays * day
    return lasts && x509.checkPrivateKey(privateKey) ? { certificate, certificateFile, privateKey, publicKey: createPublicKey(privateKey) } : undefined
  } catch {
    return undefined
  }
}

const issuedBy = ({ certificate }: Authority, issuer: Authority): boolean => new X509Certificate(certificate.der).verify(issuer.publicKey)

function parsed(certificateDer: Uint8Array): Certificate {
  const certificate = parseCertificate(certificateDer)
  if (!certificate.ok) throw new Error(`our own certificate ${certificate.failure.detail}`)
  return certificate.value
}

async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode })
  await chmod(`${file}.new`, mode)
  await rename(`${file}.new`, file)
}
