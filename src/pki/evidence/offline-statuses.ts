import { hash } from "node:crypto"
import type { AlgorithmPolicy } from "../algorithm-policy.ts"
import type { Certificate } from "../certificate.ts"
import { listSigning, type PathPurpose } from "../path-rules.ts"
import { isCurrent, statementOf } from "../revocation/evidence.ts"
import { backingOf, type Subject, subjectsOf } from "../revocation/list-signers.ts"
import type { ListerStatus, RevocationEvidence } from "../signature-facts.ts"
import { createPathValidator, type PathValidator, type ValidatedPath } from "../validate-path.ts"
import type { EvidenceBundle } from "./bundle.ts"
import type { NamedStatus } from "./evidence-record.ts"
import type { Holds } from "./findings.ts"

/** Whom the reader of an evidence bundle trusts; `anchors` null when there is nothing to compare with. */
export interface OfflineTrust {
  readonly anchors: ReadonlySet<string> | null
  readonly algorithms: AlgorithmPolicy
  /** OIDs that let a certificate sign mail. */
  readonly extendedKeyUsages: readonly string[]
}

export interface RecheckedStatus {
  /** To the anchor that the path led to then. */
  readonly path: ValidatedPath
  readonly anchorTrusted: Holds
  /** Name and fingerprint. */
  readonly anchorName: string
  /** One for each certificate of the path but the anchor. */
  readonly revocation: readonly CertificateAnswer[]
}

export interface CertificateAnswer {
  /** The name of the certificate that is answered for. */
  readonly subject: string
  readonly holds: Holds
  readonly detail: string
}

export interface OfflineStatuses {
  /** What is to be thought of a certificate for a moment, from frozen paths and documents alone. */
  recheck(certificate: Certificate, purpose: PathPurpose, at: number): Promise<RecheckedStatus>
}

export interface OfflineMaterial {
  readonly statuses: readonly NamedStatus[]
  readonly certificates: ReadonlyMap<string, Certificate>
  readonly documents: EvidenceBundle["documents"]
  readonly trust: OfflineTrust
}

/** What is on record about a certificate, and the moment that counts. */
interface Asked {
  readonly known: readonly RevocationEvidence[]
  readonly at: number
  /** Absent: who vouches for a signer of lists must be on its path. */
  readonly lister?: (lister: ListerStatus) => Promise<Certificate | undefined>
}

const noPath: RecheckedStatus = { path: { problems: ["untrusted"], chain: [], anchor: null }, anchorTrusted: "no", anchorName: "", revocation: [] }

/** What people know a certificate by. */
export const shownName = ({ subject }: Certificate): string => subject.commonName || subject.text

/** Between the clocks of an authority and of this server when the answer was had. */
const skewMs = 5 * 60_000

export function createOfflineStatuses({ statuses, certificates, documents, trust }: OfflineMaterial): OfflineStatuses {
  const revocationOf = async (subject: Subject, { known, at, lister = async () => undefined }: Asked): Promise<Omit<CertificateAnswer, "subject">> => {
    const answer = known.find(({ fingerprint }) => fingerprint === subject.certificate.fingerprint)
    const document = answer?.evidence ? documents[answer.evidence] : undefined
    if (!answer?.evidence || !document) return { holds: "unknown", detail: "" }
    const der = Buffer.from(document.der, "base64")
    if (hash("sha256", der) !== answer.evidence) return { holds: "no", detail: "SHA-256" }
    const other = answer.lister && (await lister(answer.lister))
    const statement = await statementOf({ kind: document.kind, der }, { ...subject, above: [...subject.above, ...(other ? [other] : [])] })
    if (!statement.ok) return { holds: "no", detail: `${document.kind.toUpperCase()} ${statement.failure}` }
    const { status: word, revokedAt, reason, thisUpdate } = statement.value
    const says = `${document.kind.toUpperCase()} ${new Date(thisUpdate).toISOString()}: ${word}${revokedAt === null ? "" : ` ${new Date(revokedAt).toISOString()} ${reason}`}`
    // a document of another time says nothing of this one
    if (!isCurrent(statement.value, at, at, { maxAgeMs: Infinity, skewMs })) return { holds: word === "revoked" && (revokedAt ?? 0) <= at ? "no" : "unknown", detail: says }
    const good = word === "good" || (word === "revoked" && revokedAt !== null && revokedAt > at)
    return { holds: good ? "yes" : word === "unknown" ? "unknown" : "no", detail: says }
  }

  /** The signer of a list who is not on the certificate's path, when he may be believed (list-signers.ts). */
  const believed = async ({ chain, revocation }: ListerStatus, subject: Subject, at: number, paths: PathValidator): Promise<Certificate | undefined> => {
    const [signer, ...rest] = chain.flatMap((sha256) => certificates.get(sha256) ?? [])
    if (!signer) return undefined
    const path = paths.validate({ certificate: signer, intermediates: [...rest, ...subject.above], purpose: listSigning, at })
    const backing = path.problems.length > 0 ? undefined : backingOf(path.chain, subject)
    if (!backing) return undefined
    const answers = await Promise.all(backing.map((one) => revocationOf(one, { known: revocation, at })))
    return answers.every(({ holds }) => holds === "yes") ? signer : undefined
  }

  return {
    async recheck(certificate, purpose, at) {
      const status = statuses.find(({ fingerprint }) => fingerprint === certificate.fingerprint)
      const chain = (status?.chain ?? []).flatMap((sha256) => certificates.get(sha256) ?? [])
      const anchor = chain.at(-1)
      if (!status || !anchor || chain.length !== status.chain.length) return noPath
      const validator = createPathValidator({
        anchors: [{ name: status.anchor ?? "", certificate: anchor, purposes: new Set(purpose.extendedKeyUsages) }],
        intermediates: chain.slice(1, -1),
        algorithms: trust.algorithms,
      })
      const path = validator.validate({ certificate, intermediates: [], purpose, at })
      return {
        path,
        anchorTrusted: trust.anchors === null ? "unknown" : trust.anchors.has(anchor.fingerprint) ? "yes" : "no",
        anchorName: `${status.anchor ?? anchor.subject.commonName} (SHA-256 ${anchor.fingerprint})`,
        revocation: await Promise.all(subjectsOf(path.chain).map(async (one) => ({
          subject: shownName(one.certificate), ...(await revocationOf(one, { known: status.revocation, at, lister: (lister) => believed(lister, one, at, validator) })),
        }))),
      }
    },
  }
}
