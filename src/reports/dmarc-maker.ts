/**
 * Makes aggregate reports of what was counted at the door (RFC 9990 §3). Purpose: whoever publishes a DMARC record with `rua` learns who sends in his name.
 * Invariants: bounded in records, and written in steps; nobody is sent anything who has not asked for it. Must not know: how it travels.
 */
import { once } from "node:events"
import { setImmediate as breathe } from "node:timers/promises"
import { createGzip } from "node:zlib"
import type { Clock } from "../base/clock.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import { isValidMailbox } from "../mail/address.ts"
import type { PublishedPolicy, ReportRow } from "../store/aggregate-report.ts"
import type { DmarcCount, DmarcStore } from "../store/dmarc-store.ts"
import { confirmedDestinations } from "./dmarc-destinations.ts"
import { dmarcTags, publishedPolicy, type ReportDestination, reportDestinations } from "./dmarc-record.ts"
import { type MadeHead, reportXml } from "./dmarc-xml.ts"
import type { MadeReport, Reporter, ReportLetter, ReportMaker, ReportRequest } from "./report-maker.ts"

export interface DmarcMakerParts {
  readonly counts: Pick<DmarcStore, "domains" | "ofDomain">
  readonly resolver: DnsResolver
  /** Name and version of this program. */
  readonly software: string
  readonly clock: Clock
  readonly maxRecords?: number
}

/** Some 300 KB, compressed; a flood of forged senders must not become a flood of its own. */
const defaultMaxRecords = 10_000
const daySeconds = 86_400
/** How long after the day's end an answer of the DNS is waited for; then the others get theirs. */
const patienceMs = 12 * 3_600_000

export function createDmarcMaker(parts: DmarcMakerParts): ReportMaker {
  const { counts, resolver, software, clock, maxRecords = defaultMaxRecords } = parts

  const make = async ({ day, domain, reportId }: ReportRequest, reporter: Reporter): Promise<MadeReport | "later"> => {
    const seen = await counts.ofDomain({ day, domain, limit: maxRecords })
    const { messages: total, failed } = seen
    const nobody: MadeReport = { uris: [], body: null, total, failed }
    const tags = seen.record === undefined ? undefined : dmarcTags(seen.record)
    if (!tags || seen.counts.length === 0) return nobody
    const { confirmed, undecided } = await confirmedDestinations(domain, reportDestinations(tags), resolver)
    const { begin, end } = periodOf(day)
    if (undecided && clock.now() < end * 1000 + patienceMs) return "later"
    if (confirmed.length === 0) return nobody
    const policy = publishedPolicy(domain, tags)
    const left = seen.rows - seen.counts.length
    const errors = left === 0 ? [] : [`${left} further records, ${total - seen.counts.reduce((sum, { messages }) => sum + messages, 0)} messages, are left out`]
    const head = { ...contactOf(reporter), reportId, begin, end, errors, policy, generator: software }
    const body = await compressed(head, rowsOf(seen.counts, policy))
    const uris = confirmed.filter(({ maxBytes }) => maxBytes === null || mailedBytes(body) <= maxBytes).map(uriOf)
    return uris.length === 0 ? nobody : { uris, body, total, failed }
  }

  return { kind: "dmarc", domains: (day) => counts.domains(day), make, letter }
}

/** The letter around it (RFC 9990 §3.5.2): the subject and the file's name are what consumers go by. */
function letter({ day, domain, reportId }: ReportRequest): ReportLetter {
  const submitter = reportId.slice(reportId.lastIndexOf("@") + 1)
  const { begin, end } = periodOf(day)
  return {
    subject: `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${reportId}>`,
    headers: [],
    text: `This is a DMARC aggregate report (RFC 9990) from ${submitter} about\r\nmail that came on ${day} (UTC) in the name of ${domain}.\r\nIt is sent because the DMARC record of that domain asks for it.\r\n`,
    attachment: { type: "application/gzip", fileName: `${submitter}!${domain}!${begin}!${end}.xml.gz` },
  }
}

/** Seconds; the last one is of the day. */
function periodOf(day: string): { readonly begin: number; readonly end: number } {
  const begin = Date.parse(`${day}T00:00:00Z`) / 1000
  return { begin, end: begin + daySeconds - 1 }
}

const uriOf = ({ address }: ReportDestination): string => `mailto:${address}`

/** RFC 9990 §3.5: a limit is of the report as it is mailed. */
const mailedBytes = (body: Uint8Array): number => Math.ceil((Math.ceil(body.length / 3) * 4 * 78) / 76)

const strength = { none: 0, quarantine: 1, reject: 2 } as const

/** Pure. */
export function rowOf({ source, messages, disposition, override, dkimAligned, spfAligned, headerFrom, spf, dkim }: DmarcCount, { domain, p, sp, testing }: PublishedPolicy): ReportRow {
  const published = headerFrom === domain ? p : sp
  // the record itself asks for less than it publishes (RFC 9989 §4.7, `t`)
  const spared = override === "" && testing && !dkimAligned && !spfAligned && strength[disposition] < strength[published]
  const reasons = override === "" ? [] : [{ type: override, comment: "" }]
  const signatures = dkim.filter((one) => one.domain !== "")
  return {
    source, messages, disposition, dkimAligned, spfAligned, headerFrom, envelopeFrom: spf.domain, spf,
    reasons: spared ? [{ type: "policy_test_mode", comment: "" }] : reasons,
    // RFC 9990 §3.1.3: those of the author first, then those that pass
    dkim: signatures.toSorted((a, b) => rankOf(a, headerFrom) - rankOf(b, headerFrom)),
  }
}

function* rowsOf(counts: readonly DmarcCount[], policy: PublishedPolicy): Generator<ReportRow> {
  for (const count of counts) yield rowOf(count, policy)
}

const rankOf = ({ domain, result }: DmarcCount["dkim"][number], headerFrom: string): number => (result === "pass" ? (domain === headerFrom ? 0 : 1) : 2)

/** Records between which others have their turn. */
const stepRecords = 50

/** Schemas of both RFCs want an address here; a URL has its own place. */
const contactOf = ({ organization, contact, from }: Reporter): { readonly orgName: string; readonly email: string; readonly extraContact: string } =>
  isValidMailbox(contact) ? { orgName: organization, email: contact, extraContact: "" } : { orgName: organization, email: from, extraContact: contact }

async function compressed(head: MadeHead, rows: Iterable<ReportRow>): Promise<Buffer> {
  const gzip = createGzip()
  const chunks: Buffer[] = []
  gzip.on("data", (chunk: Buffer) => chunks.push(chunk))
  const ended = once(gzip, "end")
  let pending = ""
  let pieces = 0
  for (const piece of reportXml(head, rows)) {
    pending += piece
    if (++pieces % stepRecords !== 0) continue
    if (!gzip.write(pending)) await once(gzip, "drain")
    pending = ""
    await breathe()
  }
  gzip.end(pending)
  await ended
  return Buffer.concat(chunks)
}
