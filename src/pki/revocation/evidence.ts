import { createHash } from "node:crypto"
import { nextTurn } from "../../base/turn.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { ListerStatus, RevocationEvidence } from "../signature-facts.ts"
import { readCrl, type StatedStatus, statusByCrl, verifyCrl } from "./crl.ts"
import type { Subject } from "./list-signers.ts"
import { verifyOcspResponse } from "./ocsp.ts"
import type { RevocationDocument } from "./revocation-store.ts"

/** How what a CRL or a response says becomes an answer about one certificate at one moment. Pure; the same for messages of today and for evidence of years ago. */
export interface Statement extends StatedStatus {
  readonly thisUpdate: number
  readonly nextUpdate: number | null
}

export interface AgeLimits {
  /** Without a nextUpdate, and for what came with a message, counted from thisUpdate; otherwise from when it was had. */
  readonly maxAgeMs: number
  readonly skewMs: number
}

/** Whether a statement had at `since` may be relied on at `now` (RFC 5280 §6.3.3, RFC 6960 §4.2.2.1): neither from the future nor past its end or our limit. */
export function isCurrent({ thisUpdate, nextUpdate }: Statement, since: number, now: number, { maxAgeMs, skewMs }: AgeLimits): boolean {
  const limit = (nextUpdate === null ? Math.min(thisUpdate, since) : since) + maxAgeMs
  return thisUpdate <= now + skewMs && now <= Math.min(limit, (nextUpdate ?? Infinity) + skewMs)
}

export interface AnswerPlace {
  readonly fingerprint: string
  readonly source: RevocationEvidence["source"]
  /** SHA-256 of the document, hex. */
  readonly evidence: string
  /** The moment judged for, ms. */
  readonly at: number
  /** An authority whose clock is ahead revokes in our future. */
  readonly skewMs: number
  readonly lister?: ListerStatus
}

/**
 * The answer for the moment `at`. Revoked later than that is good then, and says so; whoever asks for a moment in the past must have proof
 * of it (a time stamp), since a thief of the key can claim any.
 */
export function answerAt(statement: Statement, { fingerprint, source, evidence, at, skewMs, lister }: AnswerPlace): RevocationEvidence {
  const { status, revokedAt, reason, thisUpdate, nextUpdate } = statement
  const later = status === "revoked" && revokedAt !== null && revokedAt > at + skewMs
  return { fingerprint, status: later ? "good" : status, source, producedAt: thisUpdate, nextUpdate, revokedAt, reason, evidence, ...(lister && { lister }) }
}

export const noAnswer = (fingerprint: string): RevocationEvidence => ({ fingerprint, status: "unknown", source: "none", producedAt: null, nextUpdate: null, revokedAt: null, reason: "", evidence: null })

/** What a document states of a certificate, its signature verified, a list's also by another than the issuer of those `above`; the caller judges its age. Failure: a phrase after "the list" or "the response". */
export async function statementOf({ kind, der }: Pick<RevocationDocument, "kind" | "der">, { certificate, above }: Subject): Promise<Result<Statement, string>> {
  if (kind === "ocsp") {
    const answer = await verifyOcspResponse(der, { certificate, issuer: above[0], nonce: null })
    // whether that responder has been revoked can only be asked of others than itself: what came along proves nothing of it
    return answer.ok && answer.value.uncheckedResponder ? failed("is signed by a responder that may have been revoked") : answer
  }
  const crl = readCrl(der)
  if (!crl.ok) return crl
  const verified = await verifyCrl(crl.value, above)
  return verified.ok ? ok({ ...statusByCrl(verified.value, certificate), thisUpdate: verified.value.thisUpdate, nextUpdate: verified.value.nextUpdate }) : verified
}

/** About 3 ms of hashing before others have their turn. */
const hashedAtOnce = 1024 * 1024

export async function documentOf(kind: RevocationDocument["kind"], der: Uint8Array): Promise<RevocationDocument> {
  const hash = createHash("sha256")
  for (let at = 0; at < der.length; at += hashedAtOnce) {
    if (at > 0) await nextTurn()
    hash.update(der.subarray(at, at + hashedAtOnce))
  }
  return { kind, der, sha256: hash.digest("hex") }
}
