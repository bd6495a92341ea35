/** Reads an aggregate report of somebody else: RFC 9990, RFC 7489, and what reporters make of them. Every octet is a stranger's. */
import { isIP } from "node:net"
import { failed, ok, type Result } from "../base/result.ts"
import { asciiDomain } from "../mail/address.ts"
import { dmarcPolicies, type DmarcPolicy } from "../policy/authenticity-facts.ts"
import { type AggregateReport, dispositions, type PublishedPolicy, type ReportHead, type ReportRow } from "./dmarc-report.ts"
import { UnpackFault } from "./dmarc-unpack.ts"
import { XmlFault, type XmlElement, xmlElements } from "./xml-elements.ts"

/** More than a province's domains have sources in a day. */
const maxRows = 20_000
const maxErrors = 20
/** RFC 9990 §3.1.3 */
const maxSignatures = 100
const maxReasons = 10
const daySeconds = 86_400
/** A day is usual. */
const maxPeriodSeconds = 32 * daySeconds

class ReportFault extends Error {}

/** `now` in ms. Fails with one English sentence. */
export async function readAggregateReport(bytes: AsyncIterable<Uint8Array>, now: number): Promise<Result<AggregateReport, string>> {
  let metadata: Omit<ReportHead, "policy"> | undefined
  let policy: PublishedPolicy | undefined
  const rows: ReportRow[] = []
  try {
    for await (const element of xmlElements(bytes, "feedback")) {
      if (element.name === "report_metadata") metadata = readMetadata(element, now)
      else if (element.name === "policy_published") policy = readPolicy(element)
      else if (element.name === "record") {
        if (rows.length >= maxRows) throw new ReportFault(`more than ${maxRows} records`)
        rows.push(readRow(element, `record ${rows.length + 1}`))
      }
    }
    if (!metadata) throw new ReportFault("no report_metadata")
    if (!policy) throw new ReportFault("no policy_published")
    const { domain } = policy
    return ok({ ...metadata, policy, rows: rows.map((row) => (row.headerFrom === "" ? { ...row, headerFrom: domain } : row)) })
  } catch (error) {
    if (error instanceof ReportFault || error instanceof XmlFault || error instanceof UnpackFault) return failed(error.message)
    throw error
  }
}

const child = ({ children }: XmlElement, name: string): XmlElement | undefined => children.find((one) => one.name === name)
const every = ({ children }: XmlElement, name: string): readonly XmlElement[] => children.filter((one) => one.name === name)

/** It goes to a terminal, and into a database, which takes no NUL. */
const shown = (text: string, most = 255): string => text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, " ").trim().slice(0, most).toWellFormed()
const textOf = (element: XmlElement | undefined, name: string, most?: number): string => (element ? shown(child(element, name)?.text ?? "", most) : "")
const domainIn = (element: XmlElement | undefined, name: string): string => {
  const text = textOf(element, name).replace(/\.$/, "")
  return asciiDomain(text) ?? ""
}
/** A keyword in lower case; empty when it looks like none. */
const word = (element: XmlElement | undefined, name: string): string => {
  const text = textOf(element, name).toLowerCase()
  return /^[a-z_]{1,30}$/.test(text) ? text : ""
}

function integer(element: XmlElement | undefined, name: string): number | undefined {
  const text = textOf(element, name)
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function readMetadata(element: XmlElement, now: number): Omit<ReportHead, "policy"> {
  const reportId = textOf(element, "report_id")
  if (reportId === "") throw new ReportFault("no report_id")
  const range = child(element, "date_range")
  const [begin, end] = [integer(range, "begin"), integer(range, "end")]
  if (begin === undefined || end === undefined || end < begin || end - begin > maxPeriodSeconds || end > now / 1000 + 2 * daySeconds) throw new ReportFault("no date_range that makes sense")
  return { orgName: textOf(element, "org_name"), email: textOf(element, "email"), reportId, begin, end, errors: every(element, "error").slice(0, maxErrors).map(({ text }) => shown(text, 500)) }
}

function readPolicy(element: XmlElement): PublishedPolicy {
  const domain = domainIn(element, "domain")
  const p = policyIn(element, "p")
  if (domain === "" || p === undefined) throw new ReportFault("policy_published without a domain and its policy")
  const letter = (name: string): "r" | "s" => (word(element, name) === "s" ? "s" : "r")
  return { domain, p, sp: policyIn(element, "sp") ?? p, np: policyIn(element, "np") ?? "", adkim: letter("adkim"), aspf: letter("aspf"), testing: word(element, "testing") === "y", fo: textOf(element, "fo", 20) }
}

const policyIn = (element: XmlElement, name: string): DmarcPolicy | undefined => dmarcPolicies.find((policy) => policy === word(element, name))

function readRow(element: XmlElement, where: string): ReportRow {
  const row = child(element, "row")
  const source = textOf(row, "source_ip")
  if (isIP(source) === 0 || source.includes("%")) throw new ReportFault(`${where}: source_ip is no address`)
  const messages = integer(row, "count")
  if (messages === undefined) throw new ReportFault(`${where}: count is no number`)
  const evaluated = row && child(row, "policy_evaluated")
  const disposition = word(evaluated, "disposition")
  const identifiers = child(element, "identifiers")
  const results = child(element, "auth_results")
  const spf = results && child(results, "spf")
  return {
    source, messages, disposition: dispositions.find((one) => one === disposition) ?? "none",
    dkimAligned: word(evaluated, "dkim") === "pass", spfAligned: word(evaluated, "spf") === "pass",
    reasons: evaluated ? every(evaluated, "reason").slice(0, maxReasons).map((reason) => ({ type: word(reason, "type"), comment: textOf(reason, "comment", 500) })) : [],
    headerFrom: domainIn(identifiers, "header_from"), envelopeFrom: domainIn(identifiers, "envelope_from"),
    dkim: results ? every(results, "dkim").slice(0, maxSignatures).map((one) => ({ domain: domainIn(one, "domain"), selector: textOf(one, "selector"), result: word(one, "result") })) : [],
    spf: spf ? { domain: domainIn(spf, "domain"), result: word(spf, "result") } : null,
  }
}
