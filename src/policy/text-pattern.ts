import { foldText, isWordEdge } from "./policy-text.ts"

/**
 * A pattern of the policy file: words, with `*` for any run of characters. It matches anywhere in the text, but never inside
 * a word: "mật*" finds "mật ong", not "bímật". A pattern is no regular expression: every piece is looked for once, from left to
 * right, so no text and no pattern can make a match take long. Pure.
 */
export interface TextPattern {
  readonly source: string
  /** `folded` comes from `foldText`. */
  matches(folded: string): boolean
}

/** A pattern without a letter or digit in it would match nearly everything. */
export function compilePattern(source: string): TextPattern | undefined {
  const pieces = foldText(source).split(/\*+/)
  if (!/[\p{L}\p{N}]/u.test(pieces.join(""))) return undefined
  return { source, matches: (folded) => matchPieces(pieces, folded) }
}

function matchPieces(pieces: readonly string[], text: string): boolean {
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    const found = findPiece({ text, piece, from: at, wordStart: index === 0, wordEnd: index === pieces.length - 1 })
    if (found === -1) return false
    at = found + piece.length
  }
  return true
}

interface PieceSearch {
  readonly text: string
  readonly piece: string
  readonly from: number
  /** The piece begins, or ends, the pattern: there no word may be cut. */
  readonly wordStart: boolean
  readonly wordEnd: boolean
}

/** The leftmost place is enough: a later one leaves less room for the pieces that follow. */
function findPiece({ text, piece, from, wordStart, wordEnd }: PieceSearch): number {
  if (piece === "") return from
  for (let at = text.indexOf(piece, from); at !== -1; at = text.indexOf(piece, at + 1)) {
    if ((!wordStart || isWordEdge(text, at)) && (!wordEnd || isWordEdge(text, at + piece.length))) return at
  }
  return -1
}
