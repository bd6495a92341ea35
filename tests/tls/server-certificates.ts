import { generateKeyPairSync } from "node:crypto"
import { issueCertificate } from "../../src/pki/issue-certificate.ts"
import { type CertificatePair, type PairPem, readPair } from "../../src/tls/certificate-pair.ts"

/** Server certificates that sign themselves, of both kinds of keys. */
export interface ServerShape {
  readonly names: readonly string[]
  readonly kind?: "ec" | "rsa"
  readonly lastsMs?: number
}

const day = 86_400_000

export function serverPem({ names, kind = "ec", lastsMs = 90 * day }: ServerShape): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = kind === "ec" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 })
  const subject = { commonName: names[0] ?? "nobody" }
  const now = Date.now()
  const cert = issueCertificate({
    subject, publicKey, issuer: { subject, privateKey, publicKey }, notBefore: Math.min(now, now + lastsMs) - day, notAfter: now + lastsMs, purpose: { kind: "server", names },
  })
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() }
}

export function pairOf(pem: PairPem): CertificatePair {
  const pair = readPair(pem)
  if (!pair.ok) throw new Error(pair.failure)
  return pair.value
}
