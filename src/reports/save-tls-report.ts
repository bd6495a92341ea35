import type { ReceivedTlsStore, TlsReport } from "../store/received-tls-store.ts"
import type { ReceivedMail, SavedReport } from "./received-reports.ts"

export interface SaveTlsParts {
  readonly store: Pick<ReceivedTlsStore, "add">
  readonly isLocalDomain: (domain: string) => boolean
}

/** Stores what is about our domains, of a report whose author is known (RFC 8460 §3: reports are signed with DKIM, and what is not signed is nobody's). */
export async function saveTlsReport(report: TlsReport, { envelopeId, receivedAt, authenticity }: ReceivedMail, { store, isLocalDomain }: SaveTlsParts): Promise<SavedReport> {
  // nobody asks relays of ours, and where authentication is switched off
  const submitter = authenticity ? authenticity.dkim.find(({ result, aligned }) => result === "pass" && aligned)?.domain : ""
  if (submitter === undefined) return { kind: "bad", reason: "it has no valid DKIM signature of its author's domain" }
  const policies = report.policies.filter(({ domain }) => isLocalDomain(domain))
  if (policies.length === 0) return { kind: "bad", reason: "it is about no domain of ours" }
  return { kind: await store.add({ ...report, policies }, { envelopeId, receivedAt, submitter: submitter.toLowerCase() }) }
}
