import { dayOf } from "../grammar/date-time.ts"
import type { SearchKey } from "../grammar/search-keys.ts"
import { type MessageView, positionRanges } from "../grammar/sequence-set.ts"
import type { SearchText } from "../../mail/content-structure.ts"
import { foldForSearch } from "../../mail/search-text.ts"
import type { MailboxIndex } from "../../store/mailbox-index.ts"
import type { MessageDetails } from "../../store/mail-store.ts"
import { headerHas } from "./header-match.ts"
import { sentDay } from "./sent-day.ts"

/**
 * Search keys compiled to tests that may answer "unknown": a test is tried with the index alone, then with details, then
 * with text, and only messages still unknown are looked up further. Must not know: the store, sockets.
 */
export const no = 0
export const yes = 1
export const unknown = 2
export type Verdict = typeof no | typeof yes | typeof unknown

/** What a test looks at; one object is reused for all messages. */
export interface Candidate {
  /** Sequence number - 1. */
  position: number
  uid: number
  /** Position in the index. */
  at: number
  details: MessageDetails | undefined
  text: SearchText | undefined
  /** Chars of text that tests may still look through in this turn of the event loop; at 0 they answer "unknown" until the next. */
  allowance: number
  /** What text tests have answered for this message, so that a next turn goes on where the last one stopped. */
  readonly answers: Map<Matcher["test"], Verdict>
}

export interface Matcher {
  readonly test: (candidate: Candidate) => Verdict
  /** What the test may need to decide: the index only, message details, search text. */
  readonly cost: "index" | "details" | "text"
  readonly needsDetails: boolean
  readonly needsText: boolean
  /** Number of tests: how long one candidate may take. */
  readonly size: number
}

export interface SearchScope {
  readonly view: MessageView
  readonly index: MailboxIndex
  readonly recentFrom: number
}

export const compile = (key: SearchKey, scope: SearchScope): Matcher => {
  const { index } = scope
  switch (key.kind) {
    case "all":
      return cheap(() => yes)
    case "recent":
      return cheap(({ uid }) => verdict(uid >= scope.recentFrom))
    case "seqs":
    case "uids":
      return within(positionRanges(key.set, scope.view, key.kind === "seqs" ? "plain" : "uid"))
    case "flag": {
      const bit = index.bitOf(key.name)
      return cheap(bit === undefined ? () => no : ({ at }) => verdict((((index.flags[at] ?? 0) >>> bit) & 1) === 1))
    }
    case "larger":
      return cheap(({ at }) => verdict((index.sizes[at] ?? 0) > key.bytes))
    case "smaller":
      return cheap(({ at }) => verdict((index.sizes[at] ?? 0) < key.bytes))
    case "modSeq":
      return cheap(({ at }) => verdict((index.modSeqs[at] ?? 0) >= key.atLeast))
    case "received":
      return cheap(({ at }) => verdict(dayMatches(key, dayOf((index.internalDates[at] ?? 0) * 1000))))
    case "sent":
      return withDetails((details) => verdict(dayMatches(key, sentDay(details))))
    case "header":
      return headerMatcher(key.field, foldForSearch(key.text))
    case "body":
    case "text":
      return textMatcher(key.kind, foldForSearch(key.text))
    case "not":
      return negated(compile(key.key, scope))
    case "and":
      return combined(key.keys.map((inner) => compile(inner, scope)), no)
    case "or":
      return combined(key.keys.map((inner) => compile(inner, scope)), yes)
  }
}

const verdict = (matches: boolean): Verdict => (matches ? yes : no)

const cheap = (test: Matcher["test"]): Matcher => ({ test, cost: "index", needsDetails: false, needsText: false, size: 1 })

const withDetails = (test: (details: MessageDetails) => Verdict): Matcher => ({
  test: ({ details }) => (details ? test(details) : unknown), cost: "details", needsDetails: true, needsText: false, size: 1,
})

const dayMatches = (key: { readonly when: "before" | "on" | "since"; readonly day: number }, day: number): boolean =>
  key.when === "before" ? day < key.day : key.when === "on" ? day === key.day : day >= key.day

const within = (ranges: readonly number[]): Matcher => {
  const bounds = Uint32Array.from(ranges)
  // Bounds not above the position: an odd number of them means inside.
  return cheap(({ position }) => {
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((bounds[middle] ?? 0) <= position) low = middle + 1
      else high = middle
    }
    return low % 2 === 1 ? yes : no
  })
}

/** Fields that this server itself put before the content: they are in the trace prefix, not in the content's search text. */
const traceFields = new Set(["return-path", "received", "authentication-results"])

const headerMatcher = (field: string, needle: string): Matcher => {
  const inPrefix = traceFields.has(field)
  const test = lookingInText((text) => headerHas(text.header, field, needle), (text) => text.header.length)
  return {
    test(candidate) {
      if (!inPrefix) return test(candidate)
      if (!candidate.details) return unknown
      return headerHas(traceText(candidate.details), field, needle) ? yes : test(candidate)
    },
    cost: "text", needsDetails: inPrefix, needsText: true, size: 1,
  }
}

/** A test that looks through text, once for each message and only while this turn allows it. */
const lookingInText = (has: (text: SearchText) => boolean, length: (text: SearchText) => number): Matcher["test"] => {
  const test: Matcher["test"] = (candidate) => {
    const { text } = candidate
    if (!text) return unknown
    const known = candidate.answers.get(test)
    if (known !== undefined) return known
    if (candidate.allowance <= 0) return unknown
    candidate.allowance -= length(text)
    const answer = verdict(has(text))
    candidate.answers.set(test, answer)
    return answer
  }
  return test
}

/** The trace prefix as search text: unfolded lines, folded case. */
const traceText = (details: MessageDetails): string => {
  const known = traceTexts.get(details)
  if (known !== undefined) return known
  const text = foldForSearch(Buffer.from(details.tracePrefix).toString("utf8").replace(/\r?\n(?=[ \t])/g, "").replace(/\r/g, ""))
  traceTexts.set(details, text)
  return text
}

/** Several keys may ask for the same prefix. */
const traceTexts = new WeakMap<MessageDetails, string>()

const textMatcher = (kind: "body" | "text", needle: string): Matcher => {
  // RFC 9051 §6.4.4: the empty string is in everything.
  if (needle === "") return cheap(() => yes)
  const test = lookingInText(
    (text) => text.body.includes(needle) || (kind === "text" && text.header.includes(needle)),
    (text) => text.body.length + text.header.length,
  )
  return { test, cost: "text", needsDetails: false, needsText: true, size: 1 }
}

const negated = (inner: Matcher): Matcher => ({
  ...inner,
  test(candidate) {
    const answer = inner.test(candidate)
    return answer === unknown ? unknown : answer === yes ? no : yes
  },
})

const costs = ["index", "details", "text"] as const

/** AND and OR, cheapest first: `deciding` (no for AND, yes for OR) from any test settles it. */
const combined = (parts: readonly Matcher[], deciding: typeof no | typeof yes): Matcher => {
  const ordered = [...parts].sort((a, b) => costs.indexOf(a.cost) - costs.indexOf(b.cost))
  return {
    test(candidate) {
      let answer: Verdict = deciding === no ? yes : no
      for (const part of ordered) {
        const found = part.test(candidate)
        if (found === deciding) return deciding
        if (found === unknown) answer = unknown
      }
      return answer
    },
    cost: ordered.at(-1)?.cost ?? "index",
    needsDetails: parts.some((part) => part.needsDetails),
    needsText: parts.some((part) => part.needsText),
    size: parts.reduce((size, part) => size + part.size, 1),
  }
}
