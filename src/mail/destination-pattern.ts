import { asciiDomain } from "./address.ts"

/** A domain of recipients, or a host that takes mail (MX). */
export type DestinationKind = "domain" | "host"

/**
 * A destination as an administrator writes it: `xa.example`, or `*.xa.example` for every name below it (not `xa.example` itself). In lower case and
 * A-labels, as foreign forward-paths are stored and the DNS names hosts; an address literal (RFC 5321 §4.1.3) stands for itself. Undefined for
 * anything else. Pure.
 */
export function destinationPattern(text: string): string | undefined {
  const lower = text.trim().toLowerCase().replace(/\.$/, "")
  if (/^\[[0-9a-z:.]{2,60}\]$/.test(lower)) return lower
  const below = lower.startsWith("*.")
  const name = asciiDomain(below ? lower.slice(2) : lower)
  if (name === undefined || name.length > maxNameLength || !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return undefined
  return `${below ? "*." : ""}${name}`
}

/** RFC 1035 §2.3.4, without the dot at the end. */
const maxNameLength = 253

/** Whether a name, in lower case and A-labels, is what the pattern means. The store asks the same in SQL. */
export const isDestination = (pattern: string, name: string): boolean => (pattern.startsWith("*.") ? name.length >= pattern.length && name.endsWith(pattern.slice(1)) : name === pattern)
