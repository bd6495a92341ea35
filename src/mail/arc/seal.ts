/**
 * The next ARC set of a message that is passed on (RFC 8617 §5.1): what this server found when the message came in, signed, so that the next
 * one may believe it although forwarding has broken SPF, or a list DKIM.
 */
import { messageTags, type MessageToSign, signOver } from "../dkim/dkim-signature.ts"
import { relaxedField } from "../dkim/relaxed.ts"
import { canonicalFields, namesToSign } from "../dkim/signed-fields.ts"
import type { DkimSigningKey } from "../dkim/signing-key.ts"
import { unsignedField } from "../dkim/tag-list.ts"
import { trimWhite } from "../header.ts"
import { type ArcChain, type ArcSet, maxInstance, readChain } from "./chain.ts"

export interface SealRequest {
  readonly message: MessageToSign
  /** RFC 8617 §4.1: the algorithms are those of DKIM; rsa-sha256 is the one every verifier knows. */
  readonly key: DkimSigningKey
  /** The value of our Authentication-Results field: authserv-id and results (RFC 8601 §2.2), one char per byte. */
  readonly results: string
  /** What was found out about the chain it came with; undefined when nobody looked. */
  readonly incoming: "pass" | "fail" | undefined
}

/** Seal, message signature and results, in this order, to be put before the message; "" for a message that may not be sealed again. */
export async function sealMessage({ message, key, results, incoming }: SealRequest): Promise<string> {
  const chain = readChain(message.fields)
  const next = nextSet(chain, incoming)
  if (!next) return ""
  const { instance, validation, earlier } = next
  const resultsField = `ARC-Authentication-Results: i=${instance}; ${trimWhite(results)}\r\n`
  const names = namesToSign(message.fields, "seal")
  const messageSignature = await signOver(unsignedField("ARC-Message-Signature", [["i", String(instance)], ...messageTags(message, key, names)]), canonicalFields(message.fields, names), key)
  const covered = [...earlier.flatMap((set) => [set.results.raw, set.messageSignature.raw, set.seal.raw]), resultsField, messageSignature].map(relaxedField).join("")
  const seconds = String(Math.floor(message.now / 1000))
  const seal = await signOver(unsignedField("ARC-Seal", [["i", String(instance)], ["a", key.algorithm], ["t", seconds], ["cv", validation], ["d", key.domain], ["s", key.selector]]), covered, key)
  return seal + messageSignature + resultsField
}

interface NextSet {
  readonly instance: number
  readonly validation: "none" | "pass" | "fail"
  /** What the seal covers beside its own set. */
  readonly earlier: readonly ArcSet[]
}

/** Undefined when nothing may be added, or nothing true could be said. */
export function nextSet(chain: ArcChain, incoming: "pass" | "fail" | undefined): NextSet | undefined {
  if (chain.kind === "none") return { instance: 1, validation: "none", earlier: [] }
  const highest = chain.kind === "sets" ? chain.sets.length : chain.highest
  if (incoming === undefined || highest >= maxInstance) return undefined
  // RFC 8617 §5.1.2: once a chain has failed it is not added to
  if (chain.kind === "sets" && chain.sets.at(-1)?.validation === "fail") return undefined
  // RFC 8617 §5.1.2: the seal on a failed chain covers its own set only
  if (chain.kind === "broken" || incoming === "fail") return { instance: highest + 1, validation: "fail", earlier: [] }
  return { instance: highest + 1, validation: "pass", earlier: chain.sets }
}
