/**
 * DANE for SMTP (RFC 7672, RFC 7671): whether the certificates that a peer showed are those that its TLSA records name. Pure.
 * Must not know: how the records were found, sockets.
 */
import { createPublicKey, hash } from "node:crypto"
import { failed, ok, type Result } from "../base/result.ts"
import type { RecordData } from "../dns/resolver.ts"
import type { Certificate } from "../pki/certificate.ts"
import { keyPurpose } from "../pki/key-purpose.ts"
import { parseCertificate } from "../pki/parse-certificate.ts"
import type { PathPurpose } from "../pki/path-rules.ts"
import { createPathValidator } from "../pki/validate-path.ts"
import { type TlsFault, tlsFault } from "./tls-fault.ts"
import { isCertificateFor } from "./tls-peer.ts"

export type Tlsa = RecordData["TLSA"]

export interface DaneCheck {
  /** Usable ones, at least one. */
  readonly records: readonly Tlsa[]
  /** Any of which a certificate below a trust anchor must be for. */
  readonly names: readonly string[]
  /** The moment to judge for, ms. */
  readonly at: number
}

/** RFC 7672 §3.1: PKIX-TA(0) and PKIX-EE(1) are not used between mail servers. */
const usage = { trustAnchor: 2, endEntity: 3 } as const
const selector = { certificate: 0, publicKey: 1 } as const
const matching = { full: 0, sha256: 1, sha512: 2 } as const
const digestBytes: Readonly<Record<number, number>> = { [matching.sha256]: 32, [matching.sha512]: 64 }

/** As reports and zone files write it (RFC 8460 §4.4). */
export const tlsaText = ({ usage: use, selector: part, matching: match, association }: Tlsa): string => `${use} ${part} ${match} ${Buffer.from(association).toString("hex")}`

/** Those that can be matched at all (RFC 7672 §3.1.3, RFC 7671 §10); of several digests of one kind the strongest only (RFC 7671 §9). */
export function usableRecords(records: readonly Tlsa[]): readonly Tlsa[] {
  const usable = records.filter(isUsable)
  const isOutdone = (record: Tlsa): boolean =>
    record.matching === matching.sha256 && usable.some((other) => other.usage === record.usage && other.selector === record.selector && other.matching === matching.sha512)
  return usable.filter((record) => !isOutdone(record))
}

function isUsable({ usage: use, selector: part, matching: match, association }: Tlsa): boolean {
  if (use !== usage.trustAnchor && use !== usage.endEntity) return false
  if (part !== selector.certificate && part !== selector.publicKey) return false
  if (match !== matching.full) return association.length === digestBytes[match]
  return part === selector.certificate ? parseCertificate(association).ok : isPublicKey(association)
}

function isPublicKey(der: Uint8Array): boolean {
  try {
    createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" })
    return true
  } catch {
    return false
  }
}

/** `chain`: DER, the peer's own certificate first. The answer says by which usage it matched. */
export function checkDane({ records, names, at }: DaneCheck, chain: readonly Uint8Array[]): Result<"dane-ee" | "dane-ta", TlsFault> {
  const [own, ...issuers] = chain
  if (!own) return failed(tlsFault("validation-failure", "showed no certificate"))
  // RFC 7672 §3.1.1: the record alone vouches for this very certificate; its names and dates are of no interest
  if (records.some((record) => record.usage === usage.endEntity && matches(record, own))) return ok("dane-ee")
  const anchored = records.filter((record) => record.usage === usage.trustAnchor)
  if (anchored.length === 0) return failed(tlsFault("validation-failure", "has a certificate that its TLSA records do not name"))
  return belowAnchor({ anchored, own, issuers, names, at })
}

interface AnchoredPeer {
  readonly anchored: readonly Tlsa[]
  readonly own: Uint8Array
  readonly issuers: readonly Uint8Array[]
  readonly names: readonly string[]
  readonly at: number
}

const serverIdentity: PathPurpose = { extendedKeyUsages: [keyPurpose.serverAuth], mustBeSaid: false, keyUsages: ["digitalSignature", "keyEncipherment", "keyAgreement"] }
/** What every handshake of today demands. */
const algorithms = { minRsaBits: 2048, curves: ["P-256", "P-384", "P-521"], digests: ["sha256", "sha384", "sha512"], ed25519: true }

/** RFC 7672 §3.1.2: the anchor is among what the peer sent, or whole in the record; from there down everything is checked (RFC 5280 §6). */
function belowAnchor({ anchored, own, issuers, names, at }: AnchoredPeer): Result<"dane-ta", TlsFault> {
  const certificate = parsed(own)
  if (!certificate) return failed(tlsFault("validation-failure", "has a certificate that cannot be read"))
  const inRecords = anchored.filter((record) => record.selector === selector.certificate && record.matching === matching.full).map(({ association }) => association)
  const anchors = [...issuers.filter((issuer) => anchored.some((record) => matches(record, issuer))), ...inRecords].flatMap((der) => parsed(der) ?? []).filter(({ fingerprint }) => fingerprint !== certificate.fingerprint)
  if (anchors.length === 0) return failed(tlsFault("validation-failure", "has no certificate in its chain that its TLSA records name"))
  const validator = createPathValidator({ anchors: anchors.map((anchor) => ({ name: "TLSA", certificate: anchor, purposes: new Set([keyPurpose.serverAuth]) })), intermediates: [], algorithms })
  const { problems } = validator.validate({ certificate, intermediates: issuers.flatMap((der) => parsed(der) ?? []), purpose: serverIdentity, at })
  if (problems.includes("expired")) return failed(tlsFault("certificate-expired", "has a certificate that has expired"))
  if (problems.length > 0) return failed(tlsFault("certificate-not-trusted", `has a certificate that its DANE trust anchor does not vouch for (${problems.join(", ")})`))
  if (isCertificateFor(own, names, { commonName: true })) return ok("dane-ta")
  return failed(tlsFault("certificate-host-mismatch", `has a certificate for another name than ${names.join(", ")}`))
}

function matches({ selector: part, matching: match, association }: Tlsa, der: Uint8Array): boolean {
  const bytes = part === selector.certificate ? der : parsed(der)?.publicKeyInfo
  if (!bytes) return false
  const shown = match === matching.full ? bytes : Buffer.from(hash(match === matching.sha256 ? "sha256" : "sha512", bytes, "hex"), "hex")
  return Buffer.compare(shown, association) === 0
}

const parsed = (der: Uint8Array): Certificate | undefined => {
  const result = parseCertificate(der)
  return result.ok ? result.value : undefined
}
