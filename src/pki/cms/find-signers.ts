import { Pace } from "../../base/pace.ts"
import { certificateIdentity, isSigner, type CertificateIdentity } from "./certificate-identity.ts"
import { certificateIsNamed, type FoundSigner, isSignedBy } from "./content-check.ts"
import { readSignerInfo, type SignerIdentifier, type SignerInfo } from "./signer-info.ts"
import type { SignedDataFrame } from "./signed-data.ts"

/** Reading a signer or a certificate, in the currency of Pace: 5 ms at worst, so that two of them are a turn. */
const readCost = 256 * 1024
/** Of one name: a renewal or two, and what somebody put there to confuse. */
const maxCandidates = 8

/** The signers of SignedData, each with its certificate: one that came along, or else one of those from `elsewhere`. Throws `CmsError`. */
export async function findSigners(frame: SignedDataFrame, elsewhere: readonly Uint8Array[] = []): Promise<FoundSigner[]> {
  const pace = new Pace()
  const certificates = [...frame.certificates, ...elsewhere.map((der) => Buffer.from(der))]
  const found: FoundSigner[] = []
  for (const elements of frame.signers) {
    const info = readSignerInfo(elements)
    await pace.spend(readCost)
    const candidates = new Map<string, CertificateIdentity>()
    for (const der of certificates) {
      // Only what holds the name at all is worth half a millisecond.
      if (candidates.size === maxCandidates || !der.includes(nameOf(info.identifier))) continue
      const identity = certificateIdentity(der)
      if (identity && isSigner(identity, info.identifier)) candidates.set(identity.fingerprint, identity)
      await pace.spend(readCost)
    }
    found.push({ info, certificate: candidates.size > 1 ? await likeliest(info, [...candidates.values()], pace) : candidates.values().next().value })
  }
  return found
}

/**
 * Several certificates of one name: a key identifier is that of every certificate for the key (RFC 5652 §5.3), and anybody may write it into another. The one that
 * the signature names (RFC 5035) and fits; of renewals the one that was valid when it was signed, else the latest.
 */
async function likeliest(info: SignerInfo, candidates: readonly CertificateIdentity[], pace: Pace): Promise<CertificateIdentity | undefined> {
  const fitting: CertificateIdentity[] = []
  for (const certificate of candidates) {
    if (certificateIsNamed({ info, certificate }) && isSignedBy(info, certificate.publicKey)) fitting.push(certificate)
    await pace.spend(readCost)
  }
  const signedAt = info.attributes?.signingTime ?? null
  const score = ({ notBefore, notAfter }: CertificateIdentity): number => Number(signedAt !== null && notBefore <= signedAt && signedAt <= notAfter)
  const [best = candidates[0]] = fitting.toSorted((a, b) => score(b) - score(a) || b.notBefore - a.notBefore)
  return best
}

const nameOf = (identifier: SignerIdentifier): Buffer =>
  identifier.kind === "issuerAndSerial" ? Buffer.from(identifier.serialNumber, "hex") : Buffer.from(identifier.keyIdentifier, "hex")
