import { setImmediate as yieldToOthers } from "node:timers/promises"
import type { MessageDetails, OpenMailbox } from "../../store/mail-store.ts"
import type { SearchText } from "../../mail/content-structure.ts"
import type { SearchKey } from "../grammar/search-keys.ts"
import type { MessageView } from "../grammar/sequence-set.ts"
import { type FlagMask, flagMask } from "./flag-mask.ts"
import { type Candidate, compile, type Matcher, no, unknown, yes } from "./matcher.ts"

/**
 * SEARCH over what a client sees: first the index alone, in slices that leave the event loop to others, then details and at
 * last texts, in batches, of messages that nothing cheaper has decided. Must not know: IMAP's wording, sockets.
 */
export interface SearchRequest {
  readonly key: SearchKey
  readonly view: MessageView
  readonly mailbox: Pick<OpenMailbox, "index" | "details" | "searchTexts">
  readonly recentFrom: number
  /** Nobody waits for the answer any more. */
  readonly abandoned: () => boolean
}

export interface SearchFound {
  /** Positions in the view (sequence number - 1), ascending. */
  readonly positions: Uint32Array
  /** The highest modseq among them, 0 when there is none. */
  readonly modSeq: number
}

export const searchMailbox = async (request: SearchRequest): Promise<SearchFound> => {
  const { view, mailbox } = request
  // Both may move on while we are at it; what the client sees does not.
  const mask = flagMask(request.key, mailbox.index)
  if (mask && view.uids === mailbox.index.uids) return byFlags(request, mask)
  const search: Search = { ...request, uids: view.uids, matcher: compile(request.key, { view, index: mailbox.index, recentFrom: request.recentFrom }), verdicts: new Uint8Array(view.count) }
  let open = await byIndex(search)
  if (search.matcher.needsDetails) open = await byDetails(search, open)
  if (search.matcher.needsText) await byText(search, open)
  return gather(search)
}

interface Search extends SearchRequest {
  readonly uids: Uint32Array
  readonly matcher: Matcher
  /** By position in the view. */
  readonly verdicts: Uint8Array
}

/** Tests in one slice: about 2 ms. */
const testsAtOnce = 40_000
const detailsAtOnce = 32
const textsAtOnce = 64
/** Decoded text is at most a few times this; what is in memory at once stays bounded. */
const textBytesAtOnce = 512 * 1024

/** Chars of text looked through in one turn: 1-3 ms. */
const charsAtOnce = 512 * 1024

const newCandidate = (): Candidate => ({ position: 0, uid: 0, at: -1, details: undefined, text: undefined, allowance: charsAtOnce, answers: new Map() })

/** Points the candidate at a message; false when the message is gone. Messages come in order, so the next one is nearly always next in the index. */
const point = (search: Search, candidate: Candidate, position: number): boolean => {
  const { index } = search.mailbox
  const uid = search.uids[position] ?? 0
  const guess = candidate.at + 1
  candidate.position = position
  candidate.uid = uid
  candidate.at = guess < index.count && index.uids[guess] === uid ? guess : index.find(uid)
  return candidate.at >= 0
}

/** What the client sees is the beginning of the index itself: one pass over the flags, a few microseconds for thousands of messages. */
const byFlags = ({ view, mailbox: { index } }: SearchRequest, { set, clear }: FlagMask): SearchFound => {
  const { flags, modSeqs } = index
  const asked = set | clear
  const positions = new Uint32Array(view.count)
  let count = 0
  let modSeq = 0
  for (let position = 0; position < view.count; position++) {
    if ((((flags[position] ?? 0) & asked) ^ set) !== 0) continue
    positions[count++] = position
    modSeq = Math.max(modSeq, modSeqs[position] ?? 0)
  }
  return { positions: positions.subarray(0, count), modSeq }
}

const byIndex = async (search: Search): Promise<number[]> => {
  const open: number[] = []
  const candidate = newCandidate()
  const atOnce = Math.max(64, Math.floor(testsAtOnce / search.matcher.size))
  for (let start = 0; start < search.verdicts.length && !search.abandoned(); start += atOnce) {
    if (start > 0) await yieldToOthers()
    const end = Math.min(start + atOnce, search.verdicts.length)
    for (let position = start; position < end; position++) {
      if (!point(search, candidate, position)) continue
      const answer = search.matcher.test(candidate)
      if (answer === unknown) open.push(position)
      else search.verdicts[position] = answer
    }
  }
  return open
}

const byDetails = async (search: Search, open: readonly number[]): Promise<number[]> => {
  const left: number[] = []
  for (let start = 0; start < open.length && !search.abandoned(); start += detailsAtOnce) {
    const some = open.slice(start, start + detailsAtOnce)
    const details = await detailsOf(search, some)
    await yieldToOthers()
    left.push(...(await settle(search, some, { details })))
  }
  return left
}

const byText = async (search: Search, open: readonly number[]): Promise<void> => {
  for (let start = 0; start < open.length && !search.abandoned(); ) {
    const some = textBatch(search, open, start)
    start += some.length
    const details = search.matcher.needsDetails ? await detailsOf(search, some) : undefined
    const texts = await search.mailbox.searchTexts(some.map((position) => search.uids[position] ?? 0))
    await yieldToOthers()
    await settle(search, some, { texts, ...(details && { details }) })
  }
}

/** As many messages as may have their text in memory at once; at least one. */
const textBatch = (search: Search, open: readonly number[], start: number): number[] => {
  const { index } = search.mailbox
  const some: number[] = []
  let bytes = 0
  for (let next = start; next < open.length && some.length < textsAtOnce && bytes < textBytesAtOnce; next++) {
    const position = open[next] ?? 0
    some.push(position)
    bytes += index.sizes[index.find(search.uids[position] ?? 0)] ?? 0
  }
  return some
}

const detailsOf = async (search: Search, positions: readonly number[]): Promise<ReadonlyMap<number, MessageDetails>> =>
  new Map((await search.mailbox.details(positions.map((position) => search.uids[position] ?? 0))).map((details) => [details.uid, details]))

interface InHand {
  readonly details?: ReadonlyMap<number, MessageDetails>
  readonly texts?: ReadonlyMap<number, SearchText>
}

/** Tests again with more in hand; returns those that even this does not decide. */
const settle = async (search: Search, positions: readonly number[], inHand: InHand): Promise<number[]> => {
  const candidate = newCandidate()
  const open: number[] = []
  for (const position of positions) {
    if (!point(search, candidate, position)) continue
    candidate.details = inHand.details?.get(candidate.uid)
    candidate.text = inHand.texts?.get(candidate.uid)
    candidate.answers.clear()
    let answer = search.matcher.test(candidate)
    while (candidate.allowance <= 0) {
      await yieldToOthers()
      candidate.allowance = charsAtOnce
      // The index may have moved meanwhile.
      if (answer === unknown) answer = point(search, candidate, position) ? search.matcher.test(candidate) : no
    }
    if (answer === unknown) open.push(position)
    else search.verdicts[position] = answer
  }
  return open
}

const gather = (search: Search): SearchFound => {
  const { index } = search.mailbox
  const positions = new Uint32Array(search.verdicts.length)
  let count = 0
  let modSeq = 0
  let at = -1
  for (let position = 0; position < search.verdicts.length; position++) {
    if (search.verdicts[position] !== yes) continue
    const uid = search.uids[position] ?? 0
    at = index.uids[at + 1] === uid && at + 1 < index.count ? at + 1 : index.find(uid)
    if (at < 0) continue
    positions[count++] = position
    modSeq = Math.max(modSeq, index.modSeqs[at] ?? 0)
  }
  return { positions: positions.subarray(0, count), modSeq }
}
