import type { Certificate } from "../pki/certificate.ts"
import { parseCertificate } from "../pki/parse-certificate.ts"

/** Which of an account's certificates are handed out to those who want to write to it. Pure. */
export const recipientCertificates = (certificates: readonly Uint8Array[]): readonly Uint8Array[] => certificates.filter(isRecipientCertificate)

function isRecipientCertificate(der: Uint8Array): boolean {
  const parsed = parseCertificate(der)
  return parsed.ok && mayReceive(parsed.value)
}

/** `anyExtendedKeyUsage` and `emailProtection`. */
const mailPurposes = ["2.5.29.37.0", "1.3.6.1.5.5.7.3.4"]

/**
 * RFC 8550 §4.4.2 and §4.4.4: keyEncipherment (RSA) or keyAgreement (EC) where there is a key usage, emailProtection where there is an extended one. Clients
 * refuse to encrypt to any other, and some do so only after they have taken it for the recipient's best.
 */
const mayReceive = ({ keyUsage, extendedKeyUsage }: Pick<Certificate, "keyUsage" | "extendedKeyUsage">): boolean =>
  (keyUsage === null || keyUsage.has("keyEncipherment") || keyUsage.has("keyAgreement")) && (extendedKeyUsage === null || mailPurposes.some((purpose) => extendedKeyUsage.has(purpose)))
