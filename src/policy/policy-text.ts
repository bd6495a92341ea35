import { lookAlikes } from "./look-alikes.ts"

/**
 * How text is compared with the patterns of a policy. Vietnamese is written composed or decomposed, in capitals or not, with
 * invisible characters that a copy and paste left behind, with letters of another script that look the same: none of that may hide a
 * mark. Pure.
 */

/** Longer fields are cut, and intake refuses what a policy looks at and cannot see whole. Matching stays bounded. */
export const maxComparedCharacters = 4000

/** Soft hyphen, zero-width characters, directional marks, fillers, variation selectors, control characters: shown as nothing. */
const invisible = /(?!\s)[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu
/** Tones and the rest of Vietnamese letters; underlines and strokes drawn through a letter are none of it. */
const foreignMark = /(?![\u0300-\u0303\u0306\u0309\u031b\u0323])\p{M}/gu
/** A braille cell without dots is no space for Unicode, and one for the eye. */
const blank = /[\s\u2800]+/gu
const plain = /^[\x20-\x7e]*$/

/** Composed (NFKC: also full-width letters), without what cannot be seen, white space runs made one space. Case stays. */
export function tidyText(text: string): string {
  const bounded = text.slice(0, maxComparedCharacters * 4)
  const letters = plain.test(bounded) ? bounded : lookAlikes(bounded.normalize("NFKD").replace(invisible, "").replace(foreignMark, "")).normalize("NFC")
  return letters.replace(blank, " ").trim().slice(0, maxComparedCharacters)
}

/** As `tidyText`, in lower case: equal for texts that differ in case or in the form of their diacritics. */
export const foldText = (text: string): string => tidyText(text).toLowerCase()

const wordCharacter = /[\p{L}\p{N}\p{M}]/u

/** The character before `at` may be half of a surrogate pair; letters outside the BMP do not occur in our words. */
const isWordAt = (text: string, at: number): boolean => at >= 0 && at < text.length && wordCharacter.test(text.charAt(at))

/** True when no word goes on across `at`. */
export const isWordEdge = (text: string, at: number): boolean => !(isWordAt(text, at - 1) && isWordAt(text, at))
