/**
 * What a message is given on its way out. Purpose: mail written here is signed for its author's domain; mail that is passed on goes in our name
 * (SRS) and says what it was when it came (ARC). Invariants: accepted bytes never change, all this stands before them; an envelope is read and
 * signed once for all its destinations; a key that is missing lets mail out unsigned, a store that is away keeps it here.
 * Must not know: SMTP, the queue.
 */
import type { Clock } from "../../base/clock.ts"
import { addressesIn, parseAddressList, splitAddress } from "../../mail/address.ts"
import { dkimSignatures } from "../../mail/dkim/dkim-signature.ts"
import { sealMessage } from "../../mail/arc/seal.ts"
import { type RawField, rawFields, unfoldedValue } from "../../mail/header.ts"
import type { Srs } from "../../mail/srs.ts"
import type { ContentStore } from "../../store/content-store.ts"
import type { RemoteDelivery } from "../../store/delivery-store.ts"
import { typedAddress } from "../dsn-parameters.ts"
import { withoutReturnPath } from "../relayed-content.ts"
import { readToSign } from "./message-to-sign.ts"
import { createRecent } from "./recent.ts"
import type { SigningKeys } from "./signing-keys.ts"

export interface OutgoingParts {
  readonly contents: Pick<ContentStore, "read">
  readonly keys: SigningKeys
  readonly srs: Srs
  readonly isLocalDomain: (domain: string) => boolean
  /** Our authserv-id, as in Authentication-Results (RFC 8601 §2.5). */
  readonly hostname: string
  readonly clock: Clock
}

/** As a delivery leaves: its reverse-path, and its trace prefix with signatures. Rejects when the content or the keys cannot be read. */
export type Outgoing = (delivery: RemoteDelivery) => Promise<Pick<RemoteDelivery, "reversePath" | "tracePrefix">>

/** Envelopes whose fields are kept, about 2 KB each: those under way, and those whose other destinations follow. */
const maxRemembered = 1_000

export function createOutgoing(parts: OutgoingParts): Outgoing {
  const recent = createRecent<string>(maxRemembered)
  return async (delivery) => {
    const fields = await recent.get(delivery.envelopeId, () => (isPassedOn(delivery) ? sealed(parts, delivery) : signed(parts, delivery)))
    return {
      reversePath: isPassedOn(delivery) && !parts.isLocalDomain(splitAddress(delivery.reversePath)?.domain ?? "") ? parts.srs.rewrite(delivery.reversePath, parts.clock.now()) : delivery.reversePath,
      tracePrefix: fields + withoutReturnPath(delivery.tracePrefix),
    }
  }
}

/** From outside to outside, by way of a group or of an address of ours that bounces come back to. */
const isPassedOn = ({ source }: RemoteDelivery): boolean => source === "mx"

async function signed({ contents, keys, clock }: OutgoingParts, { content }: RemoteDelivery): Promise<string> {
  const message = await readToSign(contents.read(content))
  const domain = message && authorDomain(message.fields)
  if (!message || domain === undefined) return ""
  const own = await keys.of(domain)
  return own.length === 0 ? "" : dkimSignatures({ ...message, now: clock.now() }, own)
}

/** Of the one From: with authors of one domain. Who signs for several says nothing that a reader could go by. */
export function authorDomain(fields: readonly RawField[]): string | undefined {
  const [from, second] = fields.filter(({ name }) => name === "from")
  if (!from || second) return undefined
  const addresses = addressesIn(parseAddressList(Buffer.from(unfoldedValue(from), "latin1").toString()))
  const [domain, another] = new Set(addresses.map((address) => splitAddress(address)?.domain.toLowerCase()))
  return another === undefined ? domain : undefined
}

async function sealed({ contents, keys, clock, hostname }: OutgoingParts, { content, tracePrefix, originalRecipient }: RemoteDelivery): Promise<string> {
  const key = (await sealingKeys(keys, [hostname, splitAddress(typedAddress(originalRecipient).address)?.domain])).find(({ algorithm }) => algorithm === "rsa-sha256")
  const message = key && (await readToSign(contents.read(content)))
  if (!message) return ""
  const results = ownResults(tracePrefix)
  const fields = await sealMessage({ key, message: { ...message, now: clock.now() }, results: results ?? `${hostname}; none`, incoming: chainResult(results) })
  // the results may hold an address in UTF-8, and the prefix is text
  return Buffer.from(fields, "latin1").toString()
}

async function sealingKeys(keys: SigningKeys, domains: readonly (string | undefined)[]): ReturnType<SigningKeys["of"]> {
  for (const domain of domains) {
    const found = domain === undefined ? [] : await keys.of(domain)
    if (found.length > 0) return found
  }
  return []
}

/** The value of the Authentication-Results field that intake wrote; folded as it is, one char per byte. */
function ownResults(tracePrefix: string): string | undefined {
  const raw = rawFields(Buffer.from(tracePrefix)).find(({ name }) => name === "authentication-results")?.raw
  return raw?.slice(raw.indexOf(":") + 1)
}

/** RFC 8601 §2.2: quoted strings and comments are no results. */
function chainResult(results: string | undefined): "pass" | "fail" | undefined {
  const word = /;\s*arc\s*=\s*([a-z]+)/i.exec((results ?? "").replace(/"(?:[^"\\]|\\.)*"|\([^()]*\)/gs, ""))?.[1]?.toLowerCase()
  return word === "pass" || word === "fail" ? word : undefined
}
