import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto"
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { isIP } from "node:net"
import { join } from "node:path"
import type { Clock } from "../base/clock.ts"
import { issueCertificate } from "./issue-certificate.ts"

/**
 * A certificate authority for a developer's machine: one CA, and a server certificate for the names clients use here, so that
 * TLS is verified from the first minute. Refused in production (config/load.ts). Keys are readable by the owner only; files
 * are renamed into place, so a reader never meets half of one. Must not know: who serves with the certificate.
 */
export interface DevelopmentCertificates {
  /** To be trusted by mail clients. */
  readonly caFile: string
  /** Server certificate followed by the CA's. */
  readonly certificateFile: string
  readonly keyFile: string
}

const day = 86_400_000
const caDays = 3_650
/** Apple's limit for server certificates under a private CA is 825 days; clients differ, one year suits all. */
const serverDays = 365
/** A certificate that ends within this time is made anew at the start. */
const renewalDays = 30
const caName = { commonName: "Công Thư development CA", organization: "Development only" }

export async function ensureDevelopmentCertificates(options: { readonly dir: string; readonly names: readonly string[]; readonly clock: Clock }): Promise<DevelopmentCertificates> {
  const { dir, clock } = options
  const now = clock.now()
  const names = [...new Set(options.names)]
  const files = { caFile: join(dir, "ca.pem"), certificateFile: join(dir, "server.pem"), keyFile: join(dir, "server.key") }
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const known = await readCa(dir, now)
  if (known && (await serverIsGood(files, names, now))) return files
  const ca = known ?? (await makeCa(dir, now))
  const { privateKey, publicKey } = newKey()
  const certificate = issueCertificate({
    subject: { commonName: names[0] ?? "localhost" },
    publicKey,
    issuer: { subject: caName, privateKey: ca.privateKey, publicKey: ca.publicKey },
    notBefore: now - day,
    notAfter: now + serverDays * day,
    purpose: { kind: "server", names },
  })
  // the key first: a certificate without its key would look good at the next start and serve nobody
  await writeWhole(files.keyFile, privatePem(privateKey), 0o600)
  await writeWhole(files.certificateFile, certificate + ca.pem, 0o644)
  return files
}

interface Ca {
  readonly pem: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

async function makeCa(dir: string, now: number): Promise<Ca> {
  const { privateKey, publicKey } = newKey()
  const pem = issueCertificate({
    subject: caName,
    publicKey,
    issuer: { subject: caName, privateKey, publicKey },
    notBefore: now - day,
    notAfter: now + caDays * day,
    purpose: { kind: "authority" },
  })
  await writeWhole(join(dir, "ca.key"), privatePem(privateKey), 0o600)
  await writeWhole(join(dir, "ca.pem"), pem, 0o644)
  return { pem, privateKey, publicKey }
}

/** The CA of an earlier start; undefined when there is none, when it is about to end, or when key and certificate do not belong together. */
async function readCa(dir: string, now: number): Promise<Ca | undefined> {
  const pem = await readText(join(dir, "ca.pem"))
  const keyPem = await readText(join(dir, "ca.key"))
  if (!pem || !keyPem) return undefined
  try {
    const certificate = new X509Certificate(pem)
    const privateKey = createPrivateKey(keyPem)
    const lasts = Date.parse(certificate.validTo) - now > (serverDays + renewalDays) * day
    return lasts && certificate.checkPrivateKey(privateKey) ? { pem, privateKey, publicKey: createPublicKey(privateKey) } : undefined
  } catch {
    return undefined
  }
}

async function serverIsGood(files: DevelopmentCertificates, names: readonly string[], now: number): Promise<boolean> {
  const [ca, chain, key] = await Promise.all([files.caFile, files.certificateFile, files.keyFile].map(readText))
  if (!ca || !chain || !key) return false
  try {
    const certificate = new X509Certificate(chain)
    return (
      certificate.verify(new X509Certificate(ca).publicKey) &&
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      Date.parse(certificate.validTo) - now > renewalDays * day &&
      names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined)
    )
  } catch {
    return false
  }
}

const newKey = (): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } => generateKeyPairSync("ec", { namedCurve: "P-256" })

const privatePem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString()

async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, text, { mode })
  await chmod(`${file}.new`, mode)
  await rename(`${file}.new`, file)
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8")
  } catch {
    return undefined
  }
}
