import { foldText, isWordEdge } from "./policy-text.ts"

/**
 * Whether a text carries a mark such as MẬT, TỐI MẬT or TUYỆT MẬT, as opposed to merely using its words: "[MẬT] Báo cáo" is
 * marked, "Bảo mật thông tin", "BÍ MẬT NHÀ NƯỚC" and "mật ong" are not. A mark stands apart from the words around it:
 *   1. on both sides there is the text's end, a bracket, a quote or a separator ("Mật: …", "… (tối mật)", "Độ mật: MẬT"), or
 *   2. it is in capitals: several words wherever they stand ("công văn TUYỆT MẬT về…"), one word when its neighbours
 *      are not in capitals too ("MẬT Báo cáo…", but not "MẬT ONG RỪNG").
 * Marks of replies and forwarded messages ("Re:", "Fwd:", "Trả lời:") count as the text's start. Pure; time is linear in the text.
 */
export interface DocumentMark {
  readonly source: string
  /** `tidy` comes from `tidyText`. */
  matches(tidy: string): boolean
}

export function compileMark(source: string): DocumentMark | undefined {
  const folded = foldText(source)
  if (!/^[\p{L}\p{N}]/u.test(folded) || !/[\p{L}\p{N}]$/u.test(folded)) return undefined
  const several = folded.includes(" ")
  return { source, matches: (tidy) => isMarked(several ? tidy.replace(joined, " ") : tidy, folded, several) }
}

/** "TUYỆT-MẬT", "TOI_MAT": words of one mark. The text keeps its length. */
const joined = /(?<=\p{L})[-_\u2010-\u2015](?=\p{L})/gu

function isMarked(tidy: string, mark: string, several: boolean): boolean {
  const lower = tidy.toLowerCase()
  const start = replyPrefixes.exec(lower)?.[0].length ?? 0
  // lower-casing may change the length of letters that Vietnamese does not have; then places in the two texts differ
  const text = lower.length === tidy.length ? tidy : lower
  for (let at = lower.indexOf(mark); at !== -1; at = lower.indexOf(mark, at + 1)) {
    const end = at + mark.length
    if (!isWordEdge(lower, at) || !isWordEdge(lower, end)) continue
    const before = at <= start ? "" : text.slice(0, at)
    const after = text.slice(end)
    if (standsApart(before, after) || (isCapitals(text.slice(at, end)) && (several || !(endsInCapitals(before) || beginsInCapitals(after))))) return true
  }
  return false
}

const opening = /(?:^|[([{<«“‘"'【〔*_#|~=>!:：;–—]|(?:^|\s)[-/.,+]+)\s*$/u
const closing = /^\s*(?:$|[)\]}>»”’"'】〕*_#|~=<!:：;–—]|[-/.+]+(?:\s|$))/u
/** A comma or stroke sets a mark apart only from what follows, and only where something stronger stands before it: a list of levels is no mark. */
const strongOpening = /(?:^|[([{<«“"'【〔|:：])\s*$/u
const comma = /^\s*[,/;+&]/u
/** White space is asked for at one place only: where two could take it, the time doubles with every prefix. */
const replyPrefixes = /^(?:(?:re|fw|fwd|tr|tl|vs|aw|trả lời|chuyển tiếp)(?:\[\d{1,3}\])? ?[:：] ?)*/u

/** What sets a mark apart is next to it; a letter stands for all that is further off. */
const near = 8
const leftOf = (before: string): string => (before.length > near ? `x${before.slice(-near)}` : before)
const rightOf = (after: string): string => (after.length > near ? `${after.slice(0, near)}x` : after)

function standsApart(before: string, after: string): boolean {
  const left = leftOf(before)
  const right = rightOf(after)
  return (opening.test(left) && closing.test(right)) || (strongOpening.test(left) && comma.test(right))
}

const isCapitals = (text: string): boolean => text === text.toUpperCase() && text !== text.toLowerCase()

const lastWord = /([\p{L}\p{N}]+)[^\p{L}\p{N}]*$/u
const firstWord = /^[^\p{L}\p{N}]*([\p{L}\p{N}]+)/u

/** Neighbours further off than any word of a subject do not matter, and keep the search for them short. */
const neighbourCharacters = 40

const endsInCapitals = (before: string): boolean => isNeighbourInCapitals(lastWord.exec(before.slice(-neighbourCharacters))?.[1])
const beginsInCapitals = (after: string): boolean => isNeighbourInCapitals(firstWord.exec(after.slice(0, neighbourCharacters))?.[1])

/** A number is in no case: "MẬT 01" says nothing about the rest, so it does not stand against the mark. */
const isNeighbourInCapitals = (word: string | undefined): boolean => word !== undefined && isCapitals(word)
