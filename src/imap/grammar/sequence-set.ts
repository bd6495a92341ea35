import { ImapSyntaxError } from "./syntax-error.ts"

/**
 * A set of sequence numbers or UIDs (RFC 9051 §9 "sequence-set"), normalised: ascending, disjoint, adjacent ranges merged.
 * `n:*` is kept as the open range n..2^32-1 and `star`, because `*` is the largest number in use even when n is larger.
 */
export interface SequenceSet {
  /** Pairs first, last. */
  readonly ranges: readonly number[]
  /** The largest number in use is in the set, whatever it is. */
  readonly star: boolean
  /** Largest number written out (not `*`); 0 when there is none. A sequence number above the mailbox's size is a client's mistake. */
  readonly largest: number
}

const maxNumber = 0xffff_ffff

/** Parses `2,4:7,9,12:*`. Linear in the text, then one sort. */
export const parseSequenceSet = (text: string): SequenceSet => {
  const pairs: [number, number][] = []
  let star = false
  let largest = 0
  for (const element of text.split(",")) {
    const colon = element.indexOf(":")
    const first = parseSeqNumber(colon < 0 ? element : element.slice(0, colon))
    const last = colon < 0 ? first : parseSeqNumber(element.slice(colon + 1))
    if (first === starNumber || last === starNumber) {
      star = true
      const other = Math.min(first, last)
      if (other !== starNumber) pairs.push([other, maxNumber])
    } else {
      largest = Math.max(largest, first, last)
      pairs.push(first <= last ? [first, last] : [last, first])
    }
  }
  return { ranges: merge(pairs), star, largest }
}

const starNumber = Number.POSITIVE_INFINITY

const parseSeqNumber = (text: string): number => {
  if (text === "*") return starNumber
  const value = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  if (value === 0 || value > maxNumber) throw new ImapSyntaxError("A sequence set must look like 2,4:7,9,12:*")
  return value
}

const merge = (pairs: [number, number][]): number[] => {
  pairs.sort((a, b) => a[0] - b[0])
  const ranges: number[] = []
  for (const [first, last] of pairs) {
    const previous = ranges.at(-1)
    if (previous !== undefined && first <= previous + 1) ranges[ranges.length - 1] = Math.max(previous, last)
    else ranges.push(first, last)
  }
  return ranges
}
