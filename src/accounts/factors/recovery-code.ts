import { createHmac } from "node:crypto"
import { newReadAloud, readAloudCharacters } from "../read-aloud.ts"

/** Codes for who has lost the telephone: ten, each good once, 60 random bits, shown once. */
const count = 10
const groups = 3

export const newRecoveryCodes = (): readonly string[] => Array.from({ length: count }, () => newReadAloud(groups))

/** HMAC-SHA-256 under which a code is stored; undefined when the text cannot be one. */
export function recoveryCodeHash(text: string, key: Uint8Array): Buffer | undefined {
  const characters = readAloudCharacters(text, groups)
  return characters === undefined ? undefined : createHmac("sha256", key).update(characters).digest()
}
