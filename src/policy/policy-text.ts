/**
 * How text is compared with the patterns of a policy. Vietnamese is written composed or decomposed, in capitals or not, with
 * invisible characters that a copy and paste left behind: none of that may hide a mark. Pure.
 */

/** Longer fields are cut: no honest subject has more, and matching stays bounded. */
export const maxComparedCharacters = 1000

/** Soft hyphen, zero-width characters, directional marks, combining grapheme joiner: shown as nothing. */
const invisible = /[\p{Cf}\u034f]/gu

/** Composed (NFKC: also full-width letters), without what cannot be seen, white space runs made one space. Case stays. */
export const tidyText = (text: string): string =>
  text.slice(0, maxComparedCharacters * 4).normalize("NFKC").replace(invisible, "").replace(/\s+/g, " ").trim().slice(0, maxComparedCharacters)

/** As `tidyText`, in lower case: equal for texts that differ in case or in the form of their diacritics. */
export const foldText = (text: string): string => tidyText(text).toLowerCase()

const wordCharacter = /[\p{L}\p{N}\p{M}]/u

/** The character before `at` may be half of a surrogate pair; letters outside the BMP do not occur in our words. */
const isWordAt = (text: string, at: number): boolean => at >= 0 && at < text.length && wordCharacter.test(text.charAt(at))

/** True when no word goes on across `at`. */
export const isWordEdge = (text: string, at: number): boolean => !(isWordAt(text, at - 1) && isWordAt(text, at))
