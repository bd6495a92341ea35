import type { PublishedKey } from "../mail/dkim/key-record.ts"
import type { DkimKeyState } from "../store/dkim-key-store.ts"

/** A record that the DNS should hold for one of our domains. Names and hosts are A-labels in lower case, without the dot at their end. */
export type DomainRecord = { readonly name: string } & (
  | { readonly kind: "mx"; readonly exchange: string; readonly preference: number }
  /** The MX host must be reachable; which addresses it has from outside is not known here, so it is only checked. */
  | { readonly kind: "address" }
  /** RFC 7208 */
  | { readonly kind: "spf"; readonly mechanisms: readonly string[] }
  /** RFC 6376 §3.6, RFC 8463 */
  | { readonly kind: "dkim"; readonly key: PublishedKey; readonly state: Exclude<DkimKeyState, "retired"> }
  /** RFC 7489 §6.3 */
  | { readonly kind: "dmarc"; readonly policy: "none" | "reject"; readonly reportsTo: string }
  /** RFC 7489 §7.1: another domain agrees to be told about ours. */
  | { readonly kind: "dmarcReports" }
  /** RFC 8461 §3.1 */
  | { readonly kind: "mtaSts"; readonly id: string }
  /** RFC 8460 §3 */
  | { readonly kind: "tlsRpt"; readonly reportsTo: string }
  /** RFC 7672 §3.1: usage 3, selector 1, matching type 1. */
  | { readonly kind: "tlsa"; readonly association: Uint8Array }
  /** RFC 6186, RFC 8314 §5.1 */
  | { readonly kind: "srv"; readonly service: ClientService; readonly port: number; readonly target: string }
  /** A name under which this server answers HTTPS. */
  | { readonly kind: "alias"; readonly purpose: "mtaSts" | "autoconfig" | "autodiscover"; readonly target: string }
)

export type ClientService = "submissions" | "submission" | "imaps" | "imap" | "autodiscover"

/** Records whose value is a text, in the form in which they are published. */
export function recordText(record: DomainRecord): string | undefined {
  switch (record.kind) {
    case "spf":
      return ["v=spf1", ...record.mechanisms, "-all"].join(" ")
    case "dmarc":
      return `v=DMARC1; p=${record.policy}; rua=mailto:${record.reportsTo}`
    case "dmarcReports":
      return "v=DMARC1"
    case "mtaSts":
      return `v=STSv1; id=${record.id};`
    case "tlsRpt":
      return `v=TLSRPTv1; rua=mailto:${record.reportsTo}`
    default:
      return undefined
  }
}
