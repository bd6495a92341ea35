import type { AggregateReport } from "../store/aggregate-report.ts"
import type { ReceivedDmarcStore } from "../store/received-dmarc-store.ts"
import type { ReceivedMail, SavedReport } from "./received-reports.ts"

/** A few kilobytes of mail can be thousands of records: what comes within a day is bounded, of one reporter and of all. */
const maxOwnRecords = 100_000
const maxRecords = 1_000_000
const dayMs = 86_400_000

export interface SaveDmarcParts {
  readonly store: Pick<ReceivedDmarcStore, "add" | "records">
  readonly isLocalDomain: (domain: string) => boolean
  readonly hostname: string
}

/**
 * Stores a report about our domains, of a reporter whose mail is proven to be his (RFC 9990 §3.5.2: report mail passes DMARC, or it may be anybody's).
 * Reports about a domain that ours are below, or that is below ours, are about ours.
 */
export async function saveDmarcReport(report: AggregateReport, { envelopeId, receivedAt, authenticity }: ReceivedMail, { store, isLocalDomain, hostname }: SaveDmarcParts): Promise<SavedReport> {
  // nobody asks relays of ours, and where authentication is switched off
  const submitter = authenticity ? provenAuthor(authenticity) : ""
  if (submitter === undefined) return { kind: "bad", reason: "it is not proven to be from whom it says" }
  const { domain } = report.policy
  if (!domain.split(".").some((_, at, labels) => isLocalDomain(labels.slice(at).join("."))) && !`.${hostname}`.endsWith(`.${domain}`)) return { kind: "bad", reason: "it is about no domain of ours" }
  const { own, all } = await store.records(submitter, receivedAt - dayMs)
  if (own + report.rows.length > maxOwnRecords || all + report.rows.length > maxRecords) return { kind: "bad", reason: "there are more records in a day than are kept" }
  return { kind: await store.add(report, { envelopeId, receivedAt, submitter }) }
}

const provenAuthor = ({ aligned, dmarc }: NonNullable<ReceivedMail["authenticity"]>): string | undefined => (aligned && (dmarc.result === "pass" || dmarc.result === "none") ? dmarc.domain : undefined)
