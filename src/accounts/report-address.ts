/**
 * Where others are asked to send their reports about our domains (RFC 8460, RFC 9990): one answer for the records that we print and for the mail that we
 * read. Pure.
 */
import { canonicalAddress, splitAddress } from "../mail/address.ts"
import type { Directory } from "./directory.ts"
import { postmasterOf } from "./postmaster.ts"

/** `configured`: `dns.reportsTo`; empty: the postmaster of the domain, or of the nearest one above it that has one. */
export const reportAddress = (configured: string, directory: Pick<Directory, "resolve">, domain: string): string => configured || postmasterOf(directory, domain)

export const isReportAddress = (configured: string, directory: Pick<Directory, "isLocalDomain">, address: string): boolean => {
  if (configured !== "") return canonicalAddress(address) === canonicalAddress(configured)
  const parts = splitAddress(address)
  return parts?.localPart.toLowerCase() === "postmaster" && directory.isLocalDomain(parts.domain)
}
