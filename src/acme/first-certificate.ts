import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto"
import { mkdir, readFile } from "node:fs/promises"
import type { Clock } from "../base/clock.ts"
import { issueCertificate } from "../pki/issue-certificate.ts"
import { acmeFiles, replaceFile } from "./certificate-keeper.ts"

/** Longer than any authority is away. */
const lifeMs = 90 * 86_400_000

/**
 * Before an authority has signed anything, listeners have a certificate that signed itself: opportunistic TLS asks for no more. It is for the key that the real one
 * will be for, which stays the same at renewals, so that a TLSA record 3 1 1 is right from the first minute (RFC 7671 §5.1). One process at a time.
 */
export async function ensureFirstCertificate({ dir, names, clock }: { readonly dir: string; readonly names: readonly [string, ...string[]]; readonly clock: Clock }): Promise<void> {
  const files = acmeFiles(dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await Promise.all([ensureKey(files.accountKey), ensureKey(files.keyFile)])
  const key = createPrivateKey(await readFile(files.keyFile))
  if (await isFor(files.certificateFile, key)) return
  const issuer = { subject: { commonName: names[0] }, privateKey: key, publicKey: createPublicKey(key) }
  const now = clock.now()
  await replaceFile(files.certificateFile, issueCertificate({ subject: issuer.subject, publicKey: issuer.publicKey, issuer, notBefore: now - 86_400_000, notAfter: now + lifeMs, purpose: { kind: "server", names } }))
}

async function ensureKey(file: string): Promise<void> {
  try {
    createPrivateKey(await readFile(file))
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw new Error(`${file} is not a private key: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    await replaceFile(file, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  }
}

async function isFor(certificateFile: string, key: ReturnType<typeof createPrivateKey>): Promise<boolean> {
  try {
    return new X509Certificate(await readFile(certificateFile)).checkPrivateKey(key)
  } catch {
    return false
  }
}
