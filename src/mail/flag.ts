/** System flags in bit order (RFC 9051 §2.3.2). \Recent is a property of the session, never stored. */
export const systemFlagNames = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"] as const

export const flagBits = { answered: 1, flagged: 2, deleted: 4, seen: 8, draft: 16 } as const

/** A message's flags are one 32-bit set: five system flags, then the mailbox's keywords in the order they first appeared. */
export const maxKeywords = 32 - systemFlagNames.length

/** A keyword is an atom and is remembered for good in its mailbox, so its length is bounded. */
export const maxKeywordBytes = 64

const verdictKeywords: ReadonlySet<string> = new Set(["$signaturevalid", "$signatureinvalid", "$signaturemissing"])

/**
 * Keywords that say what this server found out about a signature. Everybody who reads a shared mailbox relies on them, so no client may set or
 * clear one: it is ignored, as a flag that is not permanent is (RFC 9051 §7.1 PERMANENTFLAGS).
 */
export const isVerdictKeyword = (name: string): boolean => verdictKeywords.has(name.toLowerCase())

/** The bit number of a flag, case-insensitively (RFC 9051 §2.3.2); undefined when the mailbox has no such keyword yet. */
export const flagBit = (name: string, keywords: readonly string[]): number | undefined => {
  const folded = name.toLowerCase()
  const system = systemFlagNames.findIndex((flag) => flag.toLowerCase() === folded)
  if (system >= 0) return system
  const keyword = keywords.findIndex((word) => word.toLowerCase() === folded)
  return keyword >= 0 ? keyword + systemFlagNames.length : undefined
}
