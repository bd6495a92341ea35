import { randomInt } from "node:crypto"

/** Secrets that people copy by hand or hear by telephone, in Crockford's base 32: no letter looks like another or like a digit. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
const groupLength = 4
const maxTypedCharacters = 100

/** 20 random bits a group: `k3pd-…`. */
export const newReadAloud = (groups: number): string =>
  Array.from({ length: groups }, () => Array.from({ length: groupLength }, () => alphabet.charAt(randomInt(alphabet.length))).join("")).join("-")

/** The characters as typed, with or without groups; undefined when it cannot be one of so many groups. */
export const readAloudCharacters = (text: string, groups: number): string | undefined => {
  if (text.length > maxTypedCharacters) return undefined
  const typed = text.toLowerCase().replace(/[\s-]/g, "").replaceAll("o", "0").replace(/[il]/g, "1")
  return typed.length === groups * groupLength ? typed : undefined
}
