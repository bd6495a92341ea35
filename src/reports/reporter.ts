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

export type FoundReporter = { readonly kind: "reporter"; readonly reporter: Reporter } | { readonly kind: "off" } | { readonly kind: "notPublic" | "noKeys"; readonly domain: string }

export function reporterOf({ send, from, organization, contact }: ReporterSettings, directory: Pick<Directory, "resolve">, hostname: string): FoundReporter {
  if (send === "off") return { kind: "off" }
  const address = from || postmasterOf(directory, hostname)
  const domain = asciiDomain(splitAddress(address)?.domain ?? "") ?? ""
  if (domain === "" || (send === "auto" && reserved.test(domain))) return { kind: "notPublic", domain: domain || address }
  return { kind: "reporter", reporter: { from: address, domain, organization: organization || domain, contact: contact || address } }
}
