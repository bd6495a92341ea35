/**
 * Whom a signature speaks for: the certificate's holder, and whether that holder may sign for the From and the Sender that a reader
 * is shown. Facts in, facts out: no await, no clock. Must not know: how a signature is verified, what policy makes of it.
 *
 * A sender here is bound by the registry: fingerprint, or issuer and serial number, to a principal, to the accounts for which that
 * principal holds `owner`, or `sign` on an organizational account. A sender elsewhere is bound by the address in the certificate
 * (RFC 8550 §3). From, Sender and holder must agree: a certificate that is good for one of two addresses is good for none.
 */
import { createHash } from "node:crypto"
import { canonicalAddress } from "../mail/address.ts"
import type { Certificate } from "../pki/certificate.ts"
import type { RecordedRevocation } from "../pki/certificate-status.ts"
import type { CertificateStatus, MessageSigner, SignatureProblem, SignerFacts } from "../pki/signature-facts.ts"
import type { Account, AccountKind, Directory, Principal, RegisteredCertificate, Right } from "./directory.ts"
import { isInForce, provinceDate } from "./province-date.ts"

export interface SigningQuestion {
  readonly signer: MessageSigner
  /** The signer's; null when it did not come along. */
  readonly certificate: Certificate | null
  /** Of that certificate at the time of the message. */
  readonly status: CertificateStatus | null
  readonly directory: Directory
  /** Addresses of From: and of Sender:, as the message shows them. */
  readonly from: readonly string[]
  readonly sender: readonly string[]
  readonly now: number
  /** An unregistered certificate that carries the address of the sending account is taken for its owner's. */
  readonly addressBinding: boolean
  /** By a verified RFC 3161 timestamp, ms. */
  readonly provenTime: number | null
}

export function bindSigner(question: SigningQuestion): SignerFacts {
  const { signer, certificate, status, directory, provenTime } = question
  const registered = registeredOf(signer, directory)
  const binding = bind(question, registered)
  const problems = [...signer.problems, ...(signer.intact ? [] : (["broken"] as const)), ...(status?.problems ?? (["untrusted"] as const)), ...stateProblems(registered), ...binding.problems]
  return {
    fingerprint: signer.fingerprint,
    subject: certificate?.subject.text ?? "",
    issuer: certificate?.issuer.text ?? "",
    serialNumber: certificate?.serialNumber ?? signer.serialNumber ?? "",
    holder: binding.holder && { principalId: binding.holder.id, kind: binding.holder.kind, name: binding.holder.name },
    signingTime: signer.signingTime,
    provenTime,
    notAfter: certificate?.notAfter ?? registered?.notAfter ?? 0,
    digestAlgorithm: signer.digestAlgorithm,
    signatureAlgorithm: signer.signatureAlgorithm,
    problems: [...new Set(problems)],
  }
}

/** What a holder whose signature is good has to do with a message; anything else that is wrong makes the whole signature worthless. */
export const bindingProblems: ReadonlySet<SignatureProblem> = new Set<SignatureProblem>(["holderMismatch", "senderMismatch", "noSigningRight"])

/** SHA-256 of an issuer's Name as the registry keeps it. `der` in base64, as in `MessageSigner`. */
export const issuerHash = (der: string): string => createHash("sha256").update(Buffer.from(der, "base64")).digest("hex")

/** A revocation recorded here, for whoever judges the certificate alone. A suspension is no revocation: it is for whom the certificate speaks. */
export function recordedRevocation(directory: Directory, fingerprint: string): RecordedRevocation | undefined {
  const registered = directory.certificate(fingerprint)
  return registered?.state === "revoked" ? { revokedAt: registered.stateAt, reason: "" } : undefined
}

/** By its fingerprint, or by issuer and serial number when it did not come along. */
export function registeredOf({ fingerprint, issuerDer, serialNumber }: MessageSigner, directory: Directory): RegisteredCertificate | undefined {
  if (fingerprint !== null) return directory.certificate(fingerprint)
  return issuerDer === null || serialNumber === null ? undefined : directory.certificateByIssuerSerial({ issuerHash: issuerHash(issuerDer), serialNumber })
}

/** What was recorded here holds whatever a CRL says, and at once. */
function stateProblems(registered: RegisteredCertificate | undefined): readonly SignatureProblem[] {
  if (registered?.state === "revoked") return ["revoked"]
  return registered?.state === "suspended" || registered?.holder.suspended ? ["holderSuspended"] : []
}

interface Binding {
  readonly holder: Principal | null
  readonly problems: readonly SignatureProblem[]
}

function bind(question: SigningQuestion, registered: RegisteredCertificate | undefined): Binding {
  const { directory, now } = question
  const from = unique(question.from)
  const sender = unique(question.sender).filter((address) => !from.includes(address))
  const onRecord = registered && isInForce(registered, provinceDate(now)) ? registered : undefined
  // what the registry names, it names for good: an address in a certificate that is registered binds nothing
  const byAddress = registered === undefined && question.addressBinding ? ownerByAddress(question, from) : undefined
  const holder = registered?.holder ?? byAddress ?? null
  const judge = (address: string): SignatureProblem | undefined => {
    const target = directory.resolve(address)
    if (target.kind === "foreign") return carries(question.certificate, address) ? undefined : "holderMismatch"
    if (target.kind !== "account") return "holderMismatch"
    if (byAddress) return carriesOneOf(question.certificate, directory.addressesOf(target.account.id)) && maySign(byAddress, target.account, question) ? undefined : "holderMismatch"
    return onRecord ? registryProblem(onRecord, target.account, question) : "unregistered"
  }
  const problems = new Set<SignatureProblem>(from.length === 0 ? ["holderMismatch"] : [])
  for (const address of from) add(problems, judge(address))
  for (const address of sender) if (judge(address) !== undefined) problems.add("senderMismatch")
  return { holder, problems: [...problems] }
}

/** The state of the certificate and of its holder is told apart: here it is about the right alone. */
function registryProblem(certificate: RegisteredCertificate, account: Account, question: SigningQuestion): SignatureProblem | undefined {
  if (certificate.accountIds !== null && !certificate.accountIds.includes(account.id)) return "holderMismatch"
  if (certificate.holder.suspended || maySign(certificate.holder, account, question)) return undefined
  const knowsIt = question.directory.assignmentsOfAccount(account.id, question.now).some(({ principalId }) => principalId === certificate.holder.id)
  return knowsIt ? "noSigningRight" : "holderMismatch"
}

/** `owner` speaks for its account; `sign` for an office only: nobody signs for another person. */
export const givesSigning = (rights: readonly Right[], kind: AccountKind): boolean => rights.includes("owner") || (kind === "organizational" && rights.includes("sign"))

const maySign = (holder: Principal, { id, kind }: Account, { directory, now }: Pick<SigningQuestion, "directory" | "now">): boolean =>
  directory.assignmentsOfAccount(id, now).some(({ principalId, rights }) => principalId === holder.id && givesSigning(rights, kind))

/** The owner of the account behind From, when the certificate carries an address of that account. */
function ownerByAddress({ directory, certificate, now }: SigningQuestion, from: readonly string[]): Principal | undefined {
  const [only] = from
  const target = only === undefined || from.length > 1 ? undefined : directory.resolve(only)
  if (target?.kind !== "account" || !carriesOneOf(certificate, directory.addressesOf(target.account.id))) return undefined
  const [owner, ...others] = directory.assignmentsOfAccount(target.account.id, now).filter(({ rights }) => rights.includes("owner"))
  return owner && others.length === 0 ? directory.principal(owner.principalId) : undefined
}

const carries = (certificate: Certificate | null, address: string): boolean => certificate?.addresses.some((own) => canonicalAddress(own) === canonicalAddress(address)) ?? false

const carriesOneOf = (certificate: Certificate | null, addresses: readonly string[]): boolean => addresses.some((address) => carries(certificate, address))

const unique = (addresses: readonly string[]): readonly string[] => [...new Set(addresses.map(canonicalAddress))]

const add = (problems: Set<SignatureProblem>, problem: SignatureProblem | undefined): void => void (problem && problems.add(problem))
