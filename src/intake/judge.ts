/**
 * The policy's word on a message whose recipients are known: facts gathered, verdict taken, and what follows from it for the readers. Pure; the
 * caller commits the judgement only on the directory it was taken on; the policy is the one version that was handed in.
 */
import { type SignatureEvidence, signatureFactsOf } from "../accounts/signature-facts-of.ts"
import type { Directory } from "../accounts/directory.ts"
import type { Login } from "../accounts/login.ts"
import { provinceDate } from "../accounts/province-date.ts"
import type { HeaderField } from "../mail/header.ts"
import type { AuthenticationResult } from "../mail/trace-header.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import type { AuthenticityFacts } from "../policy/authenticity-facts.ts"
import { evaluatePolicy } from "../policy/evaluate.ts"
import type { MessageFacts } from "../policy/facts.ts"
import { refusedFrom } from "../policy/refused-from.ts"
import type { ScanFacts } from "../policy/scan-facts.ts"
import { signatureReason } from "../policy/signature-reason.ts"
import type { Notified, PolicyVerdict } from "../policy/verdict.ts"
import type { HeldReason, SessionFacts } from "../store/acceptance-store.ts"
import type { NewWarning } from "../store/sender-warning-store.ts"
import { authenticityResults } from "./authenticity/authentication-results.ts"
import { beyondRules } from "./beyond-rules.ts"
import type { Decision } from "./decide.ts"
import type { AcceptRequest } from "./intake.ts"
import { messageFacts } from "./message-facts.ts"
import type { PolicyInForce } from "./policy-source.ts"

export interface JudgeQuestion {
  readonly request: AcceptRequest
  readonly decision: Extract<Decision, { readonly kind: "accepted" }>
  readonly directory: Directory
  /** All of the top-level header. */
  readonly header: readonly HeaderField[]
  /** Null: no signature. */
  readonly evidence: SignatureEvidence | null
  /** Null: nobody looked. */
  readonly authenticity: AuthenticityFacts | null
  readonly scan: ScanFacts | null
  /** What a scanner has not seen is not taken. */
  readonly mustBeScanned: boolean
  readonly inForce: PolicyInForce
  readonly now: number
  /** Whom `administrators` means in the policy. */
  readonly administrators: readonly string[]
}

export interface Judgement {
  readonly facts: MessageFacts
  readonly verdict: PolicyVerdict
  readonly policyVersion: number
  /** Keywords for the mailboxes here. */
  readonly marks: readonly string[]
  readonly results: readonly AuthenticationResult[]
  readonly held: HeldReason | null
  /** What the account that it is sent as hears of it. */
  readonly senderWarnings: readonly NewWarning[]
}

/** A one-time password opens no submission. */
const howOf = ({ via }: Login): MessageFacts["authentication"]["how"] => (via === "oneTime" ? "password" : via)

const unsigned: SignatureFacts = { status: "missing", problems: [], signers: [], form: "none", headerProtection: "none", timestamped: false }

export function judge(question: JudgeQuestion): Judgement {
  const { request, decision, directory, header, evidence, authenticity, scan, inForce, now } = question
  const { envelope, content, session, source, submitter } = request
  const facts = messageFacts({
    directory, header, bytes: content.size, reversePath: envelope.reversePath, recipients: decision.final, speaksFor: decision.speaksFor, fromOutside: source === "mx", at: now,
    authentication: { how: submitter ? howOf(submitter.login) : source === "mx" ? "none" : "local", principalId: session.principalId },
    tls: tlsFacts(session), authenticity, scan, examined: inForce.policy.examined,
    signature: evidence ? signatureFactsOf(evidence, { directory, now, addressBinding: inForce.policy.document.bindByAddress }) : unsigned,
  })
  const verdict = beyondRules(evaluatePolicy(inForce.policy, facts).verdict, facts, { speaksFor: decision.speaksFor, mustBeScanned: question.mustBeScanned })
  const results = [...(authenticity ? authenticityResults(authenticity, { reversePath: envelope.reversePath, helo: session.helo }) : []), ...(evidence ? [smimeResult(facts, evidence)] : [])]
  return { facts, verdict, policyVersion: inForce.version, marks: marksOf(facts.signature, verdict), results, held: heldReason(question, facts, verdict), senderWarnings: senderWarnings(question, facts, verdict) }
}

/** "TLSv1.3 TLS_AES_256_GCM_SHA384" */
function tlsFacts({ tls, clientCertificate }: SessionFacts): MessageFacts["tls"] {
  if (tls === null) return null
  const [version = "", cipher = ""] = tls.split(" ")
  return { version, cipher, clientCertificate: clientCertificate !== undefined }
}

function marksOf({ status }: SignatureFacts, verdict: PolicyVerdict): readonly string[] {
  return [...new Set([...signatureMark(status, verdict), ...verdict.marks.flatMap(({ keyword }) => keyword ?? [])])]
}

/** That a signature is missing is said where the policy had something to say of the message: most mail between colleagues has none. */
function signatureMark(status: SignatureFacts["status"], { kind, marks }: PolicyVerdict): readonly string[] {
  if (status === "valid" || kind === "sign") return ["$SignatureValid"]
  if (status === "invalid") return ["$SignatureInvalid"]
  return status === "missing" && (marks.length > 0 || kind === "hold" || kind === "quarantine") ? ["$SignatureMissing"] : []
}

/** RFC 7281 §3.1; `policy` and `neutral` are left to those who do not decide. */
function smimeResult({ signature }: MessageFacts, { certificates }: SignatureEvidence): AuthenticationResult {
  const [signer] = signature.signers
  // RFC 7281 §3.2: who signed, not who the message says wrote it
  const identifier = signer?.fingerprint ? certificates.get(signer.fingerprint)?.addresses[0] : undefined
  const reason = signature.status === "valid" ? undefined : signatureReason(signature)?.en
  return {
    method: "smime",
    result: resultOf(signature),
    ...(reason !== undefined && { reason }),
    properties: [
      ...(identifier === undefined ? [] : [["body.smime-identifier", identifier] as const]),
      ...(signer ? ([["body.smime-serial", signer.serialNumber], ["body.smime-issuer", ascii(signer.issuer)]] as const) : []),
    ],
  }
}

/** RFC 4514 §2.4: an octet may be written in hexadecimal; a header is ASCII. */
// oxlint-disable-next-line no-control-regex -- exactly what is not ASCII
const ascii = (name: string): string => name.replace(/[^\x00-\x7f]+/g, (text) => [...Buffer.from(text)].map((octet) => `\\${octet.toString(16).padStart(2, "0")}`).join(""))

function resultOf({ status, problems }: SignatureFacts): string {
  if (status === "valid") return "pass"
  if (status === "undecided") return "temperror"
  if (status === "invalid") return problems.includes("malformed") ? "permerror" : "fail"
  return "none"
}

/** Whoever else receives a circular is not told of one message. */
const maxTold = 500

/** However many there are, nobody who was named beside them goes untold. */
const recipientsLast = (who: readonly Notified[]): readonly Notified[] => [...who.filter((name) => name !== "recipients"), ...who.filter((name) => name === "recipients")]

function heldReason({ decision, administrators }: JudgeQuestion, facts: MessageFacts, verdict: PolicyVerdict): HeldReason | null {
  if (verdict.kind !== "hold" && verdict.kind !== "quarantine") return null
  const names: Readonly<Record<string, readonly string[]>> = {
    administrators,
    sender: facts.sender?.local ? [facts.sender.address] : [],
    recipients: decision.final.filter(({ accountId }) => accountId !== null).map(({ recipient }) => recipient),
  }
  const told = (who: readonly Notified[]): readonly string[] => [...new Set(who.flatMap((name) => names[name] ?? [name]))].slice(0, maxTold)
  const { ruleId, reasonVi, reasonEn } = verdict
  return verdict.kind === "hold"
    ? { kind: "approval", ruleId, reasonVi, reasonEn, notify: told([...verdict.approvers, "sender"]), approvers: told(verdict.approvers) }
    : { kind: "quarantine", ruleId, reasonVi, reasonEn, notify: told(recipientsLast(verdict.notify)), recipientsMayRelease: verdict.release === "recipients" }
}

/** Only who signed in hears of it: whoever else is named as the sender may know nothing of the message. */
function senderWarnings({ request, decision, inForce, now }: JudgeQuestion, facts: MessageFacts, { marks }: PolicyVerdict): readonly NewWarning[] {
  const account = request.submitter ? decision.sentAs : null
  const told = marks.filter(({ tellSender }) => tellSender)
  if (!account || told.length === 0) return []
  const from = refusedFrom(inForce.policy, facts)
  return told.map(({ ruleId, reasonVi, reasonEn }) => ({ accountId: account.id, ruleId, day: provinceDate(now), reasonVi, reasonEn, refusedFrom: from }))
}
