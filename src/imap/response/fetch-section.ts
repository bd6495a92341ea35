import type { PartOffsets } from "../../mail/content-structure.ts"
import type { Section } from "../grammar/fetch-items.ts"

/**
 * Where a BODY section lies in a message as clients see it (trace prefix, then content): pure arithmetic over the part tree
 * that was made at intake. Offsets of the tree are relative to the content.
 */
export interface SectionRange {
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

export interface SectionSource {
  readonly root: PartOffsets
  readonly prefixBytes: number
  /** Prefix and content. */
  readonly size: number
}

/** The range a section covers, before HEADER.FIELDS is applied; null when the message has no such part (RFC 9051 §6.4.5.1). */
export const sectionRange = (section: Section, source: SectionSource): SectionRange | null => {
  const { root, prefixBytes, size } = source
  const inContent = (start: number, end: number): SectionRange => ({ start: prefixBytes + start, end: prefixBytes + Math.max(start, end) })
  // The prefix is part of the message's own header, and of nothing else.
  const headerOf = (part: PartOffsets): SectionRange =>
    part === root ? { start: 0, end: prefixBytes + root.bodyStart } : inContent(part.headerStart, part.bodyStart)
  if (section.part.length === 0) {
    if (section.text === "all") return { start: 0, end: size }
    if (section.text === "text") return { start: prefixBytes + root.bodyStart, end: size }
    return headerOf(root)
  }
  const part = findPart(root, section.part)
  if (!part) return null
  if (section.text === "all") return inContent(part.bodyStart, part.bodyEnd)
  if (section.text === "mime") return headerOf(part)
  if (!part.message) return null
  return section.text === "text" ? inContent(part.message.bodyStart, part.message.bodyEnd) : headerOf(part.message)
}

/**
 * RFC 9051 §6.4.5.1: the parts of a multipart are numbered from 1; a message that is no multipart has one part, its body, numbered 1.
 * Numbers after a message/rfc822 part count the parts of the message inside.
 */
const findPart = (root: PartOffsets, numbers: readonly number[]): PartOffsets | undefined => {
  let part = partOfMessage(root, numbers[0] ?? 0)
  for (const number of numbers.slice(1)) {
    if (part?.multipart) part = part.children[number - 1]
    else if (part?.message) part = partOfMessage(part.message, number)
    else return undefined
  }
  return part
}

const partOfMessage = (message: PartOffsets, number: number): PartOffsets | undefined =>
  message.multipart ? message.children[number - 1] : number === 1 ? message : undefined

/** `<start.count>` within a section of `length` bytes; beyond its end nothing is left (RFC 9051 §6.4.5). */
export const partialWithin = (length: number, partial: { readonly start: number; readonly count: number } | null): SectionRange => {
  if (!partial) return { start: 0, end: length }
  const start = Math.min(partial.start, length)
  return { start, end: Math.min(length, start + partial.count) }
}
