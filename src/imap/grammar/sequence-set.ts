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

/** What a set is resolved against: the messages a client knows, ascending uids, of which the first `count` are valid. */
export interface MessageView {
  readonly uids: Uint32Array
  readonly count: number
}

/** A sequence number is written out that the client's mailbox does not have; clients keep asking 1:* of an empty one, so that is allowed. */
export const exceedsView = (set: SequenceSet, view: MessageView): boolean => view.count > 0 && set.largest > view.count

/** The messages of a set as ascending, disjoint, half-open ranges of positions (sequence number - 1). Numbers that name nothing are passed over. */
export const positionRanges = (set: SequenceSet, view: MessageView, form: "plain" | "uid"): number[] => {
  const positionAfter = form === "plain" ? (number: number) => Math.min(number, view.count) : (uid: number) => lowerBound(view, uid + 1)
  const found: number[] = []
  const add = (from: number, to: number): void => {
    if (from >= to || to <= (found.at(-1) ?? 0)) return
    if (from === found.at(-1)) found[found.length - 1] = to
    else found.push(from, to)
  }
  for (let at = 0; at < set.ranges.length; at += 2) add(positionAfter((set.ranges[at] ?? 0) - 1), positionAfter(set.ranges[at + 1] ?? 0))
  if (set.star) add(view.count - 1, view.count)
  return found
}

/** How many positions ranges hold. */
export const positionCount = (ranges: readonly number[]): number => {
  let count = 0
  for (let at = 0; at < ranges.length; at += 2) count += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0)
  return count
}

const lowerBound = (view: MessageView, uid: number): number => {
  let low = 0
  let high = view.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((view.uids[middle] ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return low
}

/** Numbers in the order given as `1:4,7`: ESEARCH ALL, COPYUID, APPENDUID, MODIFIED. */
export const formatNumbers = (numbers: ArrayLike<number>): string => {
  const ranges: string[] = []
  for (let at = 0; at < numbers.length; at++) {
    const first = numbers[at] ?? 0
    let last = first
    while (numbers[at + 1] === last + 1) {
      last++
      at++
    }
    ranges.push(first === last ? String(first) : `${first}:${last}`)
  }
  return ranges.join(",")
}
