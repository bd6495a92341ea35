import { createPrivateKey, X509Certificate } from "node:crypto"
import { createSecureContext } from "node:tls"
import { failed, ok, type Result } from "../base/result.ts"

/** A certificate chain and its key, found to belong together and to be what OpenSSL would serve. */
export interface CertificatePair {
  /** PEM. */
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** DNS names that it is for, lower case A-labels, `*.tinh.example` included. */
  readonly names: readonly string[]
  /** "rsa", "ec": a client is served with the kind that it can check. */
  readonly kind: string
  /** ms */
  readonly notAfter: number
  /** SHA-256 of the server certificate, lower case hex. */
  readonly fingerprint: string
}

export type PairPem = Pick<CertificatePair, "cert" | "key">

/** Fails with one English sentence. Dates are not looked at: a certificate that ended today serves better than none. */
export function readPair({ cert, key }: PairPem): Result<CertificatePair, string> {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch {
    return failed("the certificate file holds no PEM certificate")
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return failed("the key is not the one of the certificate")
  } catch (error) {
    return failed(isEncrypted(error) ? "the key is encrypted; it must be readable without a passphrase" : "the key file holds no PEM private key")
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    return failed(`OpenSSL does not serve it: ${error instanceof Error ? error.message : String(error)}`)
  }
  return ok({
    cert, key,
    names: dnsNames(certificate.subjectAltName ?? ""),
    kind: certificate.publicKey.asymmetricKeyType ?? "",
    notAfter: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  })
}

const isEncrypted = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ERR_MISSING_PASSPHRASE"

/** RFC 6125 §6.4.4: where there are alternative names, and certificates of today have them, the common name says nothing. */
const dnsNames = (subjectAltName: string): readonly string[] => [...subjectAltName.matchAll(/(?:^|, )DNS:([A-Za-z0-9*._-]{1,255})(?=,|$)/g)].map(([, name = ""]) => name.toLowerCase())
