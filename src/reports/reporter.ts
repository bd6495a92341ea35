/** Who our reports are from, and whether there are any. Pure. */
import { type Directory } from "../accounts/directory.ts"
import { postmasterOf } from "../accounts/postmaster.ts"
import { asciiDomain, splitAddress } from "../mail/address.ts"
import type { Reporter } from "./report-maker.ts"

export interface ReporterSettings {
  readonly send: "auto" | "on" | "off"
  /** Empty: see `reporterOf`. */
  readonly from: string
  readonly organization: string
  readonly contact: string
}

/** RFC 2606, RFC 6761, RFC 8375 and what offices use: nobody outside has heard of these. */
const reserved = /(?:^|\.)(?:example|test|invalid|localhost|local|internal|lan|home\.arpa|example\.(?:com|net|org))$/

export type FoundReporter = { readonly kind: "reporter"; readonly reporter: Reporter } | { readonly kind: "nobody"; readonly why: string }

export function reporterOf({ send, from, organization, contact }: ReporterSettings, directory: Pick<Directory, "resolve">, hostname: string): FoundReporter {
  if (send === "off") return { kind: "nobody", why: "reports.send is off" }
  const address = from || postmasterOf(directory, hostname)
  const domain = asciiDomain(splitAddress(address)?.domain ?? "") ?? ""
  if (domain === "" || (send === "auto" && reserved.test(domain))) return { kind: "nobody", why: `${domain || address} is no public domain (reports.send)` }
  return { kind: "reporter", reporter: { from: address, domain, organization: organization || domain, contact: contact || address } }
}
