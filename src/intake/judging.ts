/**
 * Policy at the door: reads what a message's signature is worth, judges the message on a directory snapshot, and puts in words of the store
 * what was decided and on what it rests. Must not know: recipients' expansion, the commit, replies.
 */
import type { SignatureEvidence } from "../accounts/signature-facts-of.ts"
import type { Directory } from "../accounts/directory.ts"
import { ok, type Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import { type HeaderField, parseHeader } from "../mail/header.ts"
import { freezeEvidence } from "../pki/evidence/evidence-record.ts"
import type { AuthenticityFacts } from "../policy/authenticity-facts.ts"
import type { ScanFacts } from "../policy/scan-facts.ts"
import type { Evidence } from "../store/evidence-store.ts"
import type { NewDecision } from "../store/decision-store.ts"
import type { MessageSource } from "../store/acceptance-store.ts"
import type { PreparedContent } from "../store/content-store.ts"
import type { Authenticator } from "./authenticity/authenticate-message.ts"
import type { Decision } from "./decide.ts"
import type { AcceptRequest } from "./intake.ts"
import { judge, type Judgement } from "./judge.ts"
import type { PolicySource } from "./policy-source.ts"
import type { Scanner } from "./scan/scan.ts"
import type { SignatureReader } from "./signature-reader.ts"

export interface JudgingParts {
  readonly policy: Pick<PolicySource, "current">
  readonly signatures: SignatureReader
  /** What mail from outside is worth; absent: nobody asks. */
  readonly authenticator?: Authenticator
  readonly scanner?: Scanner
  /** Whom `administrators` means in the policy now: addresses. */
  readonly administrators: () => readonly string[]
  /** How facts rest; see `sealFacts`. */
  readonly seal: (facts: object) => Uint8Array
  /** Name and version of this program. */
  readonly software: string
}

export interface Judging {
  /** Undefined for what the system itself writes: it is not judged; what it sends for an account is. */
  begin(request: AcceptRequest): MessageJudging | undefined
}

/** One message, judged anew on each snapshot; its signature is read once. */
export interface MessageJudging {
  /** Fails as `SignatureReader` does. */
  judge(decision: Extract<Decision, { readonly kind: "accepted" }>, directory: Directory, now: number): Promise<Result<Judged, Failure>>
}

export interface Judged extends Judgement {
  readonly decision: NewDecision
  /** For a message that shows a signature. */
  readonly evidence: Evidence | null
}

const judgedSources: ReadonlySet<MessageSource> = new Set(["mx", "submission", "console"])

export function createJudging(parts: JudgingParts): Judging {
  return { begin: (request) => (judgedSources.has(request.source) || request.submitter ? begin(parts, request) : undefined) }
}

function begin(parts: JudgingParts, request: AcceptRequest): MessageJudging {
  let known: Known | undefined
  return {
    async judge(decision, directory, now) {
      if (!known) {
        const read = await readAll(parts, request, now)
        if (!read.ok) return read
        known = read.value
      }
      const judgement = judge({ ...known, administrators: parts.administrators(), mustBeScanned: parts.scanner?.mustAnswer ?? false, request, decision, directory, now, inForce: parts.policy.current() })
      return ok({ ...judgement, decision: decisionOf(parts, request, judgement), evidence: known.evidence && evidenceOf(parts, request, judgement, known.evidence) })
    },
  }
}

interface Known {
  readonly evidence: SignatureEvidence | null
  readonly header: readonly HeaderField[]
  readonly authenticity: AuthenticityFacts | null
  readonly scan: ScanFacts | null
}

/** What takes time is asked at once: the DNS, the scanners, revocation. */
async function readAll({ signatures, authenticator, scanner }: JudgingParts, { content, source, envelope, session }: AcceptRequest, now: number): Promise<Result<Known, Failure>> {
  const { sha256, size, scanned } = content
  const { reversePath, recipients } = envelope
  const header = await wholeHeader(content)
  const [evidence, authenticity, scan] = await Promise.all([
    signatures.read({ sha256, size, scanned, read: (range) => content.read(range), fromOutside: source === "mx" }, now),
    source === "mx" && authenticator ? authenticator.authenticate({ session, reversePath, content, header }) : null,
    scanner ? scanner.scan({ content, session, reversePath, recipients: recipients.map(({ forwardPath }) => forwardPath), signedIn: source !== "mx" }) : null,
  ])
  return evidence.ok ? ok({ evidence: evidence.value, header, authenticity, scan }) : evidence
}

/** Of a very large header the scanner has kept only a part; a mark in the rest counts all the same. */
async function wholeHeader({ structure, scanned, read }: PreparedContent): Promise<readonly HeaderField[]> {
  if (structure.header.length > 0 || structure.headerBytes === 0) return scanned.headerFields
  const chunks: Uint8Array[] = []
  for await (const chunk of read({ start: 0, end: structure.headerBytes })) chunks.push(chunk)
  return parseHeader(Buffer.concat(chunks))
}

const decisionOf = ({ seal }: JudgingParts, { content, envelope }: AcceptRequest, { facts, verdict, policyVersion }: Judgement): NewDecision => ({
  policyVersion, ruleId: verdict.ruleId, verdict: verdict.kind, messageId: content.structure.messageId, reversePath: envelope.reversePath, at: facts.at, facts: seal(facts),
})

function evidenceOf({ software }: JudgingParts, { content }: AcceptRequest, { facts, verdict, policyVersion }: Judgement, { signature, statuses }: SignatureEvidence): Evidence {
  return freezeEvidence({
    content: { sha256: Buffer.from(content.sha256).toString("hex"), size: content.size }, acceptedAt: facts.at, signature, statuses: [...statuses.values()], facts: facts.signature, software,
    decision: {
      verdict: verdict.kind, ruleId: verdict.ruleId, policyVersion: String(policyVersion),
      reasonVi: "reasonVi" in verdict ? verdict.reasonVi : "", reasonEn: "reasonEn" in verdict ? verdict.reasonEn : "",
    },
  })
}
