/**
 * Makes the verdict on a signed message again from what was frozen with it, for the time when it was accepted: without a network, without the
 * database, and after the certificates have expired. Whose word it rests on besides the signatures' is said, not hidden. Pure but for arithmetic.
 */
import { hash } from "node:crypto"
import { canonicalJson } from "../../base/canonical-json.ts"
import type { Clock } from "../../base/clock.ts"
import type { Certificate } from "../certificate.ts"
import { parseCertificate } from "../parse-certificate.ts"
import { mailSigning } from "../path-rules.ts"
import type { MessageSignature, MessageSigner } from "../signature-facts.ts"
import { bytesSource } from "../smime/message-source.ts"
import { verifyMessageSignature } from "../smime/verify-message-signature.ts"
import type { EvidenceBundle } from "./bundle.ts"
import { nameSignature } from "./evidence-record.ts"
import type { Finding } from "./findings.ts"
import { createOfflineStatuses, type OfflineTrust, shownName } from "./offline-statuses.ts"
import { provenTimeOf } from "./proven-time.ts"

export interface EvidenceReport {
  readonly findings: readonly Finding[]
  /** `holds`: everything could be checked and is as it must be. `partly`: nothing is wrong, and something rests on others' word. */
  readonly outcome: "holds" | "partly" | "broken"
}

export interface VerifyEvidenceOptions {
  readonly trust: OfflineTrust
  readonly clock: Clock
}

export async function verifyEvidence(bundle: EvidenceBundle, { trust, clock }: VerifyEvidenceOptions): Promise<EvidenceReport> {
  const certificates = certificatesOf(bundle)
  const message = await messageFindings(bundle, certificates, clock)
  const signers = await Promise.all(bundle.record.signature.signers.map((signer) => signerFindings(signer, { bundle, certificates, trust, now: clock.now() })))
  const findings = [...message, ...signers.flat(), ...recordFindings(bundle)]
  const has = (holds: Finding["holds"]): boolean => findings.some((finding) => finding.holds === holds)
  return { findings, outcome: has("no") ? "broken" : has("unknown") ? "partly" : "holds" }
}

/** Those whose octets are what their name says; the others are missing. */
function certificatesOf({ certificates }: EvidenceBundle): ReadonlyMap<string, Certificate> {
  return new Map(
    Object.entries(certificates).flatMap(([sha256, der]) => {
      const parsed = parseCertificate(Buffer.from(der, "base64"))
      return parsed.ok && parsed.value.fingerprint === sha256 ? [[sha256, parsed.value] as const] : []
    }),
  )
}

async function messageFindings({ message, record }: EvidenceBundle, certificates: ReadonlyMap<string, Certificate>, clock: Clock): Promise<readonly Finding[]> {
  if (message === null) return [{ id: "messageAbsent", holds: "unknown", detail: record.content.sha256 }]
  const bytes = Buffer.from(message, "base64")
  const sha256 = hash("sha256", bytes)
  const same = sha256 === record.content.sha256 && bytes.length === record.content.size
  const signature = await verifyMessageSignature({ ...bytesSource(bytes), certificates: [...certificates.values()].map(({ der }) => der) }, { clock, budgetMs: offlineBudgetMs })
  return [{ id: "messageSame", holds: same ? "yes" : "no", detail: sha256 }, ...signatureFindings(signature, record)]
}

/** Nobody waits in line. */
const offlineBudgetMs = 10 * 60_000

function signatureFindings(signature: MessageSignature, record: EvidenceBundle["record"]): readonly Finding[] {
  const good = signature.problems.length === 0 && signature.signers.length > 0 && signature.signers.every(({ intact, problems }) => intact && problems.length === 0)
  const problems = [...new Set([...signature.problems, ...signature.signers.flatMap((signer) => [...(signer.intact ? [] : ["broken"]), ...signer.problems])])]
  return [
    { id: "signatureIntact", holds: good ? "yes" : "no", detail: problems.join(", ") },
    { id: "sameReading", holds: canonicalJson(nameSignature(signature)) === canonicalJson(record.signature) ? "yes" : "no", detail: "" },
  ]
}

interface SignerContext {
  readonly bundle: EvidenceBundle
  readonly certificates: ReadonlyMap<string, Certificate>
  readonly trust: OfflineTrust
  readonly now: number
}

async function signerFindings(signer: MessageSigner, { bundle, certificates, trust, now }: SignerContext): Promise<readonly Finding[]> {
  const { record, documents } = bundle
  const certificate = certificates.get(signer.fingerprint ?? "")
  if (!certificate) return [{ id: "certificateAbsent", holds: "no", detail: signer.fingerprint ?? "" }]
  const offline = createOfflineStatuses({ statuses: record.statuses, certificates, documents, trust })
  const proven = await provenTimeOf(signer, { offline, now })
  // RFC 3161 §4: with a stamp, what counts is whether the certificate was good then; without one, when this server had the message
  const at = proven.kind === "proven" ? proven.time : record.acceptedAt
  const status = await offline.recheck(certificate, mailSigning(trust.extendedKeyUsages), at)
  const on = (finding: Finding): Finding => ({ ...finding, subject: shownName(certificate) })
  return [
    proven.kind === "proven"
      ? on({ id: "timeProven", holds: "yes", detail: isoTime(at) })
      : on({ id: proven.kind === "none" ? "timeOurWord" : "timestampBad", holds: proven.kind === "none" ? "unknown" : "no", detail: proven.kind === "none" ? isoTime(at) : proven.detail }),
    on({ id: "pathGood", holds: status.path.problems.length === 0 ? "yes" : "no", detail: status.path.problems.join(", ") }),
    on({ id: "anchorTrusted", holds: status.anchorTrusted, detail: status.anchorName }),
    ...status.revocation.map((answer) => ({ id: "notRevoked" as const, ...answer })),
    ...(certificate.notAfter < now ? [on({ id: "expiredSince", holds: "yes", detail: isoTime(certificate.notAfter) })] : []),
    ...(signer.signingTime === null ? [] : [on({ id: "signingTime", holds: Math.abs(signer.signingTime - at) <= plausibleMs ? "yes" : "unknown", detail: isoTime(signer.signingTime) })]),
  ]
}

/** A draft signed the day before and sent the day after is nothing strange. */
const plausibleMs = 2 * 86_400_000

/** What nobody can check again: the registry's and the policy's word, for people to read. */
function recordFindings({ record: { facts, decision } }: EvidenceBundle): readonly Finding[] {
  const holders = facts.signers.flatMap(({ holder }) => (holder ? [`${holder.name} (${holder.principalId})`] : []))
  return [
    { id: "holder", holds: "yes", detail: holders.join(", ") },
    { id: "statusThen", holds: facts.status === "valid" ? "yes" : "no", detail: [facts.status, ...facts.problems].join(", ") },
    { id: "decision", holds: "yes", detail: `${decision.verdict}, ${decision.ruleId}, ${decision.policyVersion}` },
  ]
}

export const isoTime = (ms: number): string => new Date(ms).toISOString()
