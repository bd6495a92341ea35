/**
 * An aggregate report as XML: the schema of RFC 9990 (Appendix A), with all that RFC 7489 (Appendix C) requires as well, so that consumers
 * of either read it. In pieces, so that nobody waits while a large one is written. Pure.
 */
import type { PublishedPolicy, ReportHead, ReportRow } from "../store/aggregate-report.ts"

export interface MadeHead extends ReportHead {
  /** Name and version of the program. */
  readonly generator: string
  /** Empty: none. */
  readonly extraContact: string
}

export function* reportXml({ generator, extraContact, ...head }: MadeHead, rows: Iterable<ReportRow>): Generator<string> {
  const metadata = [
    leaf("org_name", head.orgName), leaf("email", head.email), ...(extraContact === "" ? [] : [leaf("extra_contact_info", extraContact)]), leaf("report_id", head.reportId), `<date_range>${leaf("begin", head.begin)}${leaf("end", head.end)}</date_range>`,
    ...(head.errors.length === 0 ? [] : [leaf("error", head.errors.join("; "))]), leaf("generator", generator),
  ]
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">\n<version>1.0</version>\n<report_metadata>${metadata.join("")}</report_metadata>\n${policyXml(head.policy)}\n`
  for (const row of rows) yield `${rowXml(row)}\n`
  yield "</feedback>\n"
}

function policyXml({ domain, p, sp, np, adkim, aspf, testing, fo }: PublishedPolicy): string {
  const inside = [
    leaf("domain", domain), leaf("discovery_method", "treewalk"), leaf("p", p), leaf("sp", sp), ...(np === "" ? [] : [leaf("np", np)]),
    leaf("fo", fo), leaf("adkim", adkim), leaf("aspf", aspf), leaf("testing", testing ? "y" : "n"),
  ]
  return `<policy_published>${inside.join("")}</policy_published>`
}

const verdict = (aligned: boolean): string => (aligned ? "pass" : "fail")

function rowXml({ source, messages, disposition, dkimAligned, spfAligned, reasons, headerFrom, envelopeFrom, dkim, spf }: ReportRow): string {
  // `pass` is unknown to consumers of RFC 7489, and `none` is right for those of both
  const evaluated = `${leaf("disposition", disposition === "pass" ? "none" : disposition)}${leaf("dkim", verdict(dkimAligned))}${leaf("spf", verdict(spfAligned))}`
  const why = reasons.map(({ type, comment }) => `<reason>${leaf("type", type)}${comment === "" ? "" : leaf("comment", comment)}</reason>`).join("")
  const signatures = dkim.map((one) => `<dkim>${leaf("domain", one.domain)}${leaf("selector", one.selector)}${leaf("result", one.result)}</dkim>`).join("")
  const sender = spf ? `<spf>${leaf("domain", spf.domain)}${leaf("scope", "mfrom")}${leaf("result", spf.result)}</spf>` : ""
  return (
    `<record><row>${leaf("source_ip", source)}${leaf("count", messages)}<policy_evaluated>${evaluated}${why}</policy_evaluated></row>` +
    `<identifiers>${leaf("header_from", headerFrom)}${leaf("envelope_from", envelopeFrom)}</identifiers><auth_results>${signatures}${sender}</auth_results></record>`
  )
}

const leaf = (name: string, value: string | number): string => `<${name}>${typeof value === "number" ? value : escaped(value)}</${name}>`

/** XML 1.0 §2.2: what no document may hold, not even escaped. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that XML forbids
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/g
const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#13;" }

/** What nearly all of it is. */
const plain = /^[ !#-%(-;=?-~]*$/

const escaped = (text: string): string => plain.test(text) ? text : text.toWellFormed().replace(forbidden, "?").replace(/[&<>"'\r]/g, (character) => entities[character] ?? "")
