/**
 * Reads an aggregate report of somebody else: RFC 9990, RFC 7489, and what reporters make of them. Every octet is a stranger's. For a thread: it does not
 * let others have their turn. Pure.
 */
import { isIP } from "node:net"
import { failed, ok, type Result } from "../base/result.ts"
import { asciiDomain } from "../mail/address.ts"
import { type AggregateReport, dispositions, policies, type Policy, type PublishedPolicy, type ReportHead, type ReportRow } from "../store/aggregate-report.ts"
import { XmlFault, type XmlElement, xmlElements } from "./xml-elements.ts"

/** More than a province's domains have sources in a day. */
const maxRows = 20_000
/** Of one record: sums of all that are kept stay exact. */
const maxMessages = 1_000_000_000
const maxErrors = 20
/** RFC 9990 §3.1.3 */
const maxSignatures = 100
const maxReasons = 10
/** A day is usual. */
const maxPeriodSeconds = 32 * 86_400
/** The year 2100, and what PostgreSQL takes as a time in any case. */
const maxSeconds = 4_102_444_800

class ReportFault extends Error {}

/** Failure: an English clause without what is in it. */
export function readAggregateReport(xml: Uint8Array): Result<AggregateReport, string> {
  let metadata: Omit<ReportHead, "policy"> | undefined
  let policy: PublishedPolicy | undefined
  const rows: ReportRow[] = []
  try {
    for (const element of xmlElements(xml, "feedback")) {
      if (element.name === "report_metadata") metadata = readMetadata(element)
      else if (element.name === "policy_published") policy = readPolicy(element)
      else if (element.name === "record") {
        if (rows.length >= maxRows) throw new ReportFault(`it has more than ${maxRows} records`)
        rows.push(readRow(element))
      }
    }
    if (!metadata) throw new ReportFault("it has no report_metadata")
    if (!policy) throw new ReportFault("it has no policy_published")
    const { domain } = policy
    return ok({ ...metadata, policy, rows: rows.map((row) => (row.headerFrom === "" ? { ...row, headerFrom: domain } : row)) })
  } catch (error) {
    if (error instanceof ReportFault || error instanceof XmlFault) return failed(error.message)
    throw error
  }
}

const child = ({ children }: XmlElement, name: string): XmlElement | undefined => children.find((one) => one.name === name)
const every = ({ children }: XmlElement, name: string): readonly XmlElement[] => children.filter((one) => one.name === name)

/** It goes to a terminal, and into a database, which takes no NUL. */
const shown = (text: string, most = 255): string => (plain.test(text) ? text : text.toWellFormed().replace(unshown, " ")).trim().slice(0, most).toWellFormed()
const plain = /^[ -~]*$/
const unshown = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu
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
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

function readMetadata(element: XmlElement): Omit<ReportHead, "policy"> {
  const reportId = textOf(element, "report_id")
  if (reportId === "") throw new ReportFault("it has no report_id")
  const range = child(element, "date_range")
  const [begin, end] = [integer(range, "begin"), integer(range, "end")]
  if (begin === undefined || end === undefined || end < begin || end - begin > maxPeriodSeconds || end > maxSeconds) throw new ReportFault("it has no date_range that makes sense")
  return { orgName: textOf(element, "org_name"), email: textOf(element, "email"), reportId, begin, end, errors: every(element, "error").slice(0, maxErrors).map(({ text }) => shown(text, 500)) }
}

function readPolicy(element: XmlElement): PublishedPolicy {
  const domain = domainIn(element, "domain")
  const p = policyIn(element, "p")
  if (domain === "" || p === undefined) throw new ReportFault("its policy_published has no domain or no policy")
  const letter = (name: string): "r" | "s" => (word(element, name) === "s" ? "s" : "r")
  return { domain, p, sp: policyIn(element, "sp") ?? p, np: policyIn(element, "np") ?? "", adkim: letter("adkim"), aspf: letter("aspf"), testing: word(element, "testing") === "y", fo: textOf(element, "fo", 20) }
}

const policyIn = (element: XmlElement, name: string): Policy | undefined => policies.find((policy) => policy === word(element, name))

function readRow(element: XmlElement): ReportRow {
  const row = child(element, "row")
  const source = textOf(row, "source_ip")
  if (isIP(source) === 0 || source.includes("%")) throw new ReportFault("it has a source_ip that is no address")
  const messages = integer(row, "count")
  if (messages === undefined || messages > maxMessages) throw new ReportFault("it has a count that is no number of messages")
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
