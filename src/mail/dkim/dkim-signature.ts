import type { RawField } from "../header.ts"
import { relaxedField } from "./relaxed.ts"
import { canonicalFields, namesToSign } from "./signed-fields.ts"
import { type DkimSigningKey, signText } from "./signing-key.ts"
import { signedField, type Tag, unsignedField } from "./tag-list.ts"

/** What of a message a signature is made of. */
export interface MessageToSign {
  readonly fields: readonly RawField[]
  /** Of the whole body, relaxed; base64. RFC 6376 §8.2: never of a part of it (no `l=`). */
  readonly bodyHash: string
  /** Milliseconds. */
  readonly now: number
}

/** DKIM-Signature fields (RFC 6376 §3.5), one for each key, to be put before the message. */
export async function dkimSignatures(message: MessageToSign, keys: readonly DkimSigningKey[]): Promise<string> {
  const names = namesToSign(message.fields)
  const covered = canonicalFields(message.fields, names)
  const fields = await Promise.all(keys.map((key) => signOver(unsignedField("DKIM-Signature", [["v", "1"], ...messageTags(message, key, names)]), covered, key)))
  return fields.join("")
}

/** What DKIM-Signature and ARC-Message-Signature (RFC 8617 §4.1.2) have in common. */
export const messageTags = ({ bodyHash, now }: MessageToSign, { domain, selector, algorithm }: DkimSigningKey, names: readonly string[]): readonly Tag[] => [
  ["a", algorithm], ["c", "relaxed/relaxed"], ["d", domain], ["s", selector], ["t", String(Math.floor(now / 1000))], ["h", names.join(":")], ["bh", bodyHash],
]

/** RFC 6376 §3.7: over the covered fields and then the field itself, with an empty signature and without its line end. */
export async function signOver(unsigned: string, covered: string, key: DkimSigningKey): Promise<string> {
  return signedField(unsigned, await signText(key, covered + relaxedField(unsigned).slice(0, -2)))
}
